//! What containerd sends to a shim.

use corten_shim::wire::{Received, Request, request, response, take};

/// What comes over the socket, in portions.
pub fn frames(data: &[u8]) {
    let mut read = Vec::new();
    for portion in data.chunks(7) {
        read.extend_from_slice(portion);
        loop {
            match take(&mut read) {
                Ok(Some(Received::Request(stream, asked))) => {
                    let again = take(&mut request(stream, &asked));
                    assert_eq!(
                        again,
                        Ok(Some(Received::Request(stream, asked))),
                        "it is read as it was written"
                    );
                }
                Ok(Some(Received::Response(..))) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}

pub fn frames_seeds() -> Vec<Vec<u8>> {
    let asked = Request {
        service: "containerd.task.v2.Task".into(),
        method: "Start".into(),
        payload: b"\n\x08web.main".to_vec(),
        timeout: 0,
    };
    let (question, answer) = (request(1, &asked), response(1, Ok(b"\x08\x07".to_vec())));
    vec![[question.clone(), answer].concat(), question]
}
