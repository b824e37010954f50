//! What the parent lets a child say.

use corten_fetch::Order;
use corten_fetch::parent::{Event, Session, Violation};
use corten_fetch::protocol::{DocumentKind, Frame, Header};
use corten_oci::digest::Digest;

use crate::image::{Image, REPOSITORY, image, manifest_path};

fn bare(header: Header) -> Frame {
    Frame { header, bytes: Vec::new() }
}

fn document(image: &Image, kind: DocumentKind, digest: Digest) -> Frame {
    let manifest = manifest_path(digest).replace("/v2/", "");
    let blob = format!("{REPOSITORY}/blobs/{digest}");
    let content = image.store.content.get(&manifest).or_else(|| image.store.content.get(&blob));
    let bytes = content.expect("a document").1.clone();
    Frame { header: Header::Document { kind, digest, length: bytes.len() as u32 }, bytes }
}

fn data(digest: Digest, offset: u64, bytes: &[u8]) -> Frame {
    Frame { header: Header::Data { digest, offset, length: bytes.len() as u32 }, bytes: bytes.to_vec() }
}

/// What a good child says before it sends layers.
fn opening(image: &Image) -> Vec<Frame> {
    let size = document(image, DocumentKind::Index, image.digest).bytes.len() as u64;
    vec![
        bare(Header::Resolved { digest: image.digest, size, proof: None }),
        document(image, DocumentKind::Index, image.digest),
        document(image, DocumentKind::Manifest, image.manifest),
        document(image, DocumentKind::Config, image.config),
        bare(Header::Choose),
    ]
}

fn session(image: &Image) -> Session {
    Session::new(&Order::new(format!("r.test/{REPOSITORY}@{}", image.digest))).expect("a session")
}

/// A session in which all layers are chosen.
fn chosen(image: &Image) -> Session {
    let mut session = session(image);
    for frame in opening(image) {
        session.accept(frame).expect("a good child");
    }
    session.choose(&image.layers.iter().map(|(digest, _)| *digest).collect::<Vec<_>>()).expect("its layers");
    session
}

fn violation(session: &mut Session, frame: Frame) -> String {
    let text = session.accept(frame).expect_err("a violation").to_string();
    // Nothing more is taken, whatever it is.
    let failure = corten_fetch::Failure::new(corten_fetch::Class::Lies, "");
    assert!(matches!(session.accept(bare(Header::Failed(failure))), Err(Violation::Order(_))));
    text
}

#[test]
fn documents_come_in_order_and_are_those_that_were_announced() {
    let (image, other) = (image(&[10, 20]), image(&[10, 21]));
    for missing in 0..4 {
        let mut session = session(&image);
        let mut frames = opening(&image);
        frames.remove(missing);
        let result: Result<Vec<Event>, Violation> =
            frames.into_iter().map(|frame| session.accept(frame)).collect();
        assert!(result.is_err(), "without the frame at {missing}");
    }
    for replaced in 0..4 {
        let mut session = session(&image);
        let mut frames = opening(&image);
        frames[replaced] = opening(&other).swap_remove(replaced);
        let result: Result<Vec<Event>, Violation> =
            frames.into_iter().map(|frame| session.accept(frame)).collect();
        // Configurations of images with as many layers are the same here.
        assert_eq!(result.is_err(), replaced != 3, "another frame at {replaced}");
    }
    // The right name for other bytes.
    let mut session = session(&image);
    let mut frames = opening(&image);
    frames[1].bytes[0] ^= 1;
    session.accept(frames.remove(0)).expect("a good line");
    assert_eq!(
        violation(&mut session, frames.remove(0)),
        "a document that is not the one that was announced"
    );
}

#[test]
fn layers_come_piece_by_piece_and_whole() {
    let image = image(&[10, 20]);
    let (digest, size) = (image.layers[0].0, 10);
    let expect = |frames: Vec<Frame>, last: Frame, expected: String| {
        let mut session = chosen(&image);
        for frame in frames {
            session.accept(frame).expect("a good frame");
        }
        assert_eq!(violation(&mut session, last), expected);
    };
    let piece = |offset, count: usize| data(digest, offset, &vec![0; count]);
    let gap = format!("bytes of {digest} that are not the next ones");
    expect(vec![piece(0, 4)], piece(5, 1), gap.clone());
    expect(vec![piece(0, 4)], piece(3, 1), gap.clone());
    expect(vec![piece(0, 4)], piece(4, 7), gap.clone());
    expect(vec![], piece(u64::MAX, 2), gap);
    let incomplete = format!("{digest} is said to be complete and is not");
    expect(vec![piece(0, 9)], bare(Header::Complete { digest }), incomplete);
    let nobody = format!("bytes of {digest}, which nobody waits for");
    expect(vec![piece(0, size), bare(Header::Complete { digest })], piece(10, 0), nobody);
    let other = Digest::of(b"other");
    expect(vec![], data(other, 0, b"x"), format!("bytes of {other}, which nobody waits for"));
    let second = image.layers[1].0;
    let ended = vec![piece(0, size), bare(Header::Complete { digest })];
    expect(ended, bare(Header::Done), format!("{second} is said to be complete and is not"));
    let mut session = chosen(&image);
    for frame in
        [piece(0, 9), bare(Header::Restart { digest }), piece(0, 10), bare(Header::Complete { digest })]
    {
        session.accept(frame).expect("a good frame");
    }
}

#[test]
fn only_layers_of_the_image_can_be_chosen_and_only_once() {
    let image = image(&[10]);
    let mut session = session(&image);
    assert!(matches!(session.choose(&[]), Err(Violation::Order(_))));
    for frame in opening(&image) {
        session.accept(frame).expect("a good child");
    }
    assert!(matches!(session.choose(&[image.config]), Err(Violation::Choice(_))));
    session.choose(&[]).expect("no layer is a choice");
    assert!(matches!(session.choose(&[]), Err(Violation::Order(_))));
    assert!(matches!(session.accept(bare(Header::Done)), Ok(Event::Done)));
    assert!(matches!(session.accept(bare(Header::Done)), Err(Violation::Order(_))));
}

#[test]
fn layers_do_not_come_before_they_are_chosen() {
    let image = image(&[10]);
    let mut session = session(&image);
    for frame in opening(&image) {
        session.accept(frame).expect("a good child");
    }
    violation(&mut session, data(image.layers[0].0, 0, b"x"));
}
