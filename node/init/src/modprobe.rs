//! Loading modules on request: of the kernel, which calls `/sbin/modprobe -q -- NAME`, and of PID 1, which must
//! not wait for a driver itself.

use std::collections::BTreeSet;
use std::process::ExitCode;

use crate::log::{Level, Log};
use crate::modules::{Modules, Outcome};
use crate::{devices, mounts};

/// New devices appear when a driver for their parent is loaded; deeper chains come to PID 1 as uevents.
const ROUNDS: usize = 4;

/// Loads each name or alias among the arguments. A missing module is logged by name, so that an image that lacks
/// one says which; an alias of a device that nobody needs a driver for is no news.
pub fn on_request(arguments: &[String]) -> ExitCode {
    let log = Log::open();
    let Some(modules) = open(&log) else { return ExitCode::FAILURE };
    let mut code = ExitCode::SUCCESS;
    for request in arguments.iter().filter(|argument| !argument.starts_with('-')) {
        match modules.load(request, &log) {
            Ok(Outcome::Present) => {}
            Ok(Outcome::Unknown) => {
                if is_news(request) {
                    log.write(Level::Warning, format_args!("no module {request} in this image"));
                }
                code = ExitCode::FAILURE;
            }
            Err(error) => {
                log.write(Level::Warning, format_args!("module {request}: {error}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// Whether it is worth a line that a module is not there. Devices that nobody needs a driver for are asked for by
/// aliases with colons, and expressions of nftables first by protocol (`nft-expr-1-ct`) and then without.
fn is_news(request: &str) -> bool {
    let by_protocol = request.strip_prefix("nft-expr-").is_some_and(|rest| {
        rest.split_once('-').is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    !request.contains(':') && !by_protocol
}

/// Loads the drivers of all devices and does what else is slow, while services have the processor first.
pub fn all_devices() -> ExitCode {
    let log = Log::open();
    corten_sys::process::yield_to_others();
    let Some(modules) = open(&log) else { return ExitCode::FAILURE };
    // An orderly stop needs the power button, so it comes first.
    modules.load_for_devices(["button", "evdev"], &log);
    let mut done = BTreeSet::new();
    for _ in 0..ROUNDS {
        let all = devices::aliases();
        let new: Vec<&str> = all.difference(&done).map(String::as_str).collect();
        if new.is_empty() {
            break;
        }
        modules.load_for_devices(new, &log);
        done = all;
    }
    mounts::slow(&log);
    ExitCode::SUCCESS
}

fn open(log: &Log) -> Option<Modules> {
    Modules::open().map_err(|error| log.write(Level::Error, error)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_somebody_may_miss_is_news() {
        assert!(is_news("wireguard") && is_news("nft-expr-ct"));
        assert!(!is_news("pci:v00001AF4d00001041") && !is_news("nft-expr-1-ct"));
    }
}
