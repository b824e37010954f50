//! The seed of the random number generator, which a machine keeps from one boot to the next.
//!
//! It is mixed into the kernel's pool before any service asks for random numbers, for machines whose processor and
//! hypervisor give none. It is never credited as entropy: a disk that was copied, or set back to a snapshot, has the
//! same seed twice, and the kernel would then vouch for numbers that another machine has too. Mixing without credit
//! can only help. The kernel's own sources (instructions of the processor, virtio-rng, the jitter of the clock) are
//! what makes the generator ready.
//!
//! A seed is never used twice: the new one is on the disk before the old one is mixed in. It depends on both the old
//! one and the generator, so it is no worse than the better of the two.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha512};

use crate::durable;
use crate::log::{Level, Log};

const SEED: &str = "/var/lib/corten/random-seed";
const DEVICE: &str = "/dev/urandom";
/// Twice the size of the generator's state, as the output of one hash.
const BYTES: usize = 64;

/// Takes the seed of the last boot and leaves one for the next.
pub fn start(log: &Log) {
    let old = old(Path::new(SEED));
    if let Err(error) = renew(Path::new(SEED), &old) {
        log.write(Level::Warning, format_args!("{SEED}: {error}"));
        // What can't be replaced must at least not be used again.
        let _ = fs::remove_file(SEED);
    }
    let mixed = File::options().write(true).open(DEVICE).and_then(|mut pool| pool.write_all(&old));
    if let Err(error) = mixed {
        log.write(Level::Warning, format_args!("{DEVICE}: {error}"));
    }
}

/// Leaves a seed with all that the generator has gathered since the start.
pub fn stop(log: &Log) {
    if let Err(error) = renew(Path::new(SEED), &[]) {
        log.write(Level::Warning, format_args!("{SEED}: {error}"));
    }
}

/// The seed that is there; nothing on the first boot. A longer file is not ours, and its beginning serves as well.
fn old(path: &Path) -> Vec<u8> {
    let mut seed = Vec::new();
    if let Ok(file) = File::open(path) {
        let _ = file.take(BYTES as u64).read_to_end(&mut seed);
    }
    seed
}

/// Replaces the seed.
fn renew(path: &Path, old: &[u8]) -> io::Result<()> {
    let mut fresh = [0; BYTES];
    File::open(DEVICE)?.read_exact(&mut fresh)?;
    let seed =
        Sha512::new().chain_update(b"corten random seed").chain_update(old).chain_update(fresh).finalize();
    fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
    durable::replace(path, &seed, 0o600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn each_seed_is_new_and_nobody_elses() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lib/random-seed");
        assert_eq!(old(&path), b"");
        let mut seen = vec![Vec::new()];
        for _ in 0..3 {
            let before = old(&path);
            renew(&path, &before).expect("it can be written");
            let now = old(&path);
            assert!(now.len() == BYTES && !seen.contains(&now));
            seen.push(now);
        }
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().expect("a folder")).expect("it is there").count(), 1);
    }
}
