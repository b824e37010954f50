//! The pairing code of a node in maintenance: shown on its console, good for one configuration, and closed after a
//! few wrong tries until the node starts again. An agent that is started again goes on with both.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use corten_api::error::ApiError;
use corten_api::pairing::Code;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tonic::Code as Grpc;
use zeroize::Zeroizing;

/// Wrong tries until nothing is taken any more.
const MAX_TRIES: u32 = 10;
/// Time between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Judges proofs.
#[derive(Debug)]
pub struct Pairing {
    tries: Mutex<Tries>,
    closed: Notify,
}

#[derive(Debug)]
struct Tries {
    code: Code,
    wrong: u32,
    last: Option<Instant>,
    file: PathBuf,
}

/// What is kept for this start of the node, in memory.
#[derive(Serialize, Deserialize)]
struct Kept {
    code: String,
    wrong: u32,
}

impl Pairing {
    /// Goes on with what is kept in a file, else begins with a code of these random bytes.
    pub fn open(file: &Path, random: [u8; 8]) -> Self {
        let kept = fs::read(file).ok().and_then(|text| serde_json::from_slice::<Kept>(&text).ok());
        let kept = kept.and_then(|kept| Some((kept.code.parse().ok()?, kept.wrong)));
        let (code, wrong) = kept.unwrap_or_else(|| (Code::generate(random), 0));
        let tries = Tries { code, wrong, last: None, file: file.into() };
        if let Err(error) = tries.keep() {
            eprintln!("pairing: {}: {error}", file.display());
        }
        Self { tries: Mutex::new(tries), closed: Notify::new() }
    }

    /// The code; `None` once it is closed.
    pub fn code(&self) -> Option<Code> {
        let tries = self.lock();
        (tries.wrong < MAX_TRIES).then(|| tries.code.clone())
    }

    /// Ends the code: it was good for one configuration. Another one is made of these random bytes.
    pub fn used(&self, random: [u8; 8]) {
        let mut tries = self.lock();
        tries.code = Code::generate(random);
        if let Err(error) = tries.keep() {
            eprintln!("pairing: {}: {error}", tries.file.display());
        }
    }

    /// Waits until the last try is used up, for the one who shows the code.
    pub async fn closes(&self) {
        self.closed.notified().await;
    }

    /// Whether a proof is good for a document, by somebody who saw this certificate. A wrong one counts.
    pub fn check(
        &self,
        proof: &[u8],
        fingerprint: &[u8; 32],
        document: &[u8],
        now: Instant,
    ) -> Result<(), ApiError> {
        let mut tries = self.lock();
        if tries.wrong >= MAX_TRIES {
            let cause = format!("pairing is closed after {MAX_TRIES} wrong codes");
            return Err(ApiError::new(Grpc::PermissionDenied, cause, "start the node again for a new code"));
        }
        if tries.last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
            let cause = "one try a second, and the last one was just now";
            return Err(ApiError::new(Grpc::ResourceExhausted, cause, "try again in a moment"));
        }
        tries.last = Some(now);
        if tries.code.verify(fingerprint, document, proof) {
            return Ok(());
        }
        tries.wrong += 1;
        if let Err(error) = tries.keep() {
            eprintln!("pairing: {}: {error}", tries.file.display());
        }
        let left = MAX_TRIES - tries.wrong;
        if left == 0 {
            self.closed.notify_one();
        }
        let cause = format!("the pairing code is wrong, {left} tries are left");
        let remedy = "type the code that the node's console shows; if it is right, somebody is between you and \
                      the node: compare the fingerprint on the console";
        Err(ApiError::new(Grpc::Unauthenticated, cause, remedy))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tries {
    fn keep(&self) -> io::Result<()> {
        let kept = Kept { code: self.code.shown().to_string(), wrong: self.wrong };
        let text = Zeroizing::new(serde_json::to_vec(&kept)?);
        let new = self.file.with_extension("new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&text)?;
        fs::rename(&new, &self.file)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    const FINGERPRINT: [u8; 32] = [7; 32];

    #[test]
    fn ten_wrong_codes_close_it_for_the_right_one_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pairing.json");
        let pairing = Pairing::open(&file, [1; 8]);
        let code = pairing.code().expect("it is open");
        let mut now = Instant::now();
        let right = code.proof(&FINGERPRINT, b"version = 1");
        for left in (0..MAX_TRIES).rev() {
            let error = pairing.check(&[0; 32], &FINGERPRINT, b"version = 1", now).expect_err("wrong");
            assert!(error.cause.contains(&format!("{left} tries are left")), "{error}");
            now += PAUSE;
        }
        // Who shows the code learns of it, once.
        let told = || pin!(pairing.closes()).poll(&mut Context::from_waker(Waker::noop())).is_ready();
        assert_eq!([told(), told()], [true, false]);
        let error = pairing.check(&right, &FINGERPRINT, b"version = 1", now).expect_err("closed");
        assert_eq!(error.code, Grpc::PermissionDenied);
        // Nor does another agent open it again.
        let pairing = Pairing::open(&file, [2; 8]);
        assert!(pairing.code().is_none());
        assert!(pairing.check(&right, &FINGERPRINT, b"version = 1", now).is_err());
    }

    #[test]
    fn a_proof_is_for_one_document_and_one_certificate_and_there_is_one_try_a_second() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pairing.json");
        let code = Pairing::open(&file, [2; 8]).code().expect("it is open");
        let pairing = Pairing::open(&file, [3; 8]);
        assert_eq!(pairing.code(), Some(code.clone()), "it is kept");
        let start = Instant::now();
        let right = code.proof(&FINGERPRINT, b"a");
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(pairing.check(&right, &FINGERPRINT, b"b", at(0)).is_err());
        let soon = pairing.check(&right, &FINGERPRINT, b"a", at(0)).expect_err("too soon");
        assert_eq!(soon.code, Grpc::ResourceExhausted);
        assert!(pairing.check(&right, &[8; 32], b"a", at(1)).is_err());
        assert_eq!(pairing.check(&right, &FINGERPRINT, b"a", at(2)), Ok(()));
        pairing.used([9; 8]);
        assert!(pairing.check(&right, &FINGERPRINT, b"a", at(3)).is_err(), "it was good once");
    }
}
