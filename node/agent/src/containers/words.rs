//! What a call that is passed on was for, in words for the audit log, by the first message of its request. Pure.

use std::fmt::Write as _;

use corten_api::v1;
use corten_api::v1::debug_request::Message as Debug;
use corten_api::v1::exec_request::Message as Exec;
use corten_api::v1::{copy_to_request, import_image_request};
use prost::{DecodeError, Message as _};

use crate::support::Redactor;

/// What a call is for; empty for one that says nothing of it, or nothing that can be read. The container service finds
/// out itself what is wrong with that.
pub fn words(path: &str, message: &[u8]) -> String {
    let words = read(path.trim_start_matches('/'), message).unwrap_or_default();
    // A command line may have a password in it.
    Redactor::default().redact(&one_line(&words)).trim_end().to_owned()
}

fn read(method: &str, message: &[u8]) -> Result<String, DecodeError> {
    Ok(match method {
        "corten.v1.Workloads/Start" => v1::StartWorkloadRequest::decode(message)?.name,
        "corten.v1.Workloads/Stop" => v1::StopWorkloadRequest::decode(message)?.name,
        "corten.v1.Workloads/Restart" => v1::RestartWorkloadRequest::decode(message)?.name,
        "corten.v1.Workloads/Exec" => match v1::ExecRequest::decode(message)?.message {
            Some(Exec::Start(start)) => exec(&start, ""),
            _ => String::new(),
        },
        "corten.v1.Workloads/Debug" => match v1::DebugRequest::decode(message)?.message {
            Some(Debug::Start(v1::DebugStart { exec: start, image })) => {
                exec(&start.unwrap_or_default(), &image)
            }
            _ => String::new(),
        },
        "corten.v1.Workloads/CopyFrom" => {
            let v1::CopyFromRequest { container, path } = v1::CopyFromRequest::decode(message)?;
            format!("{container}:{path}")
        }
        "corten.v1.Workloads/CopyTo" => match v1::CopyToRequest::decode(message)?.message {
            Some(copy_to_request::Message::Start(v1::CopyToStart { container, folder })) => {
                format!("{container}:{folder}")
            }
            _ => String::new(),
        },
        "corten.v1.Images/Pull" => v1::PullImageRequest::decode(message)?.name,
        "corten.v1.Images/Import" => match v1::ImportImageRequest::decode(message)?.message {
            Some(import_image_request::Message::Start(start)) if start.names.is_empty() => {
                "under the names in the archive".into()
            }
            Some(import_image_request::Message::Start(start)) => start.names.join(", "),
            _ => String::new(),
        },
        "corten.v1.Images/Remove" => v1::RemoveImageRequest::decode(message)?.name,
        "corten.v1.Volumes/Remove" => v1::RemoveVolumeRequest::decode(message)?.name,
        _ => String::new(),
    })
}

/// `web/nginx as 0 with busybox:1: sh -c 'ls -l'`. Of variables the names alone are told.
fn exec(start: &v1::ExecStart, image: &str) -> String {
    let mut words = start.container.clone();
    if !start.user.is_empty() {
        let _ = write!(words, " as {}", start.user);
    }
    if !image.is_empty() {
        let _ = write!(words, " with {image}");
    }
    words.push(':');
    for word in &start.command {
        words.push(' ');
        words.push_str(&quoted(word));
    }
    let names: Vec<&str> =
        start.environment.iter().map(|variable| variable.split('=').next().unwrap_or_default()).collect();
    if !names.is_empty() {
        let _ = write!(words, " (with {})", names.join(", "));
    }
    words
}

/// As a shell would take it, so that it shows where a word ends.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use corten_api::methods::{Changes, METHODS};
    use proptest::prelude::*;

    use super::*;
    use crate::containers::is_passed_on;

    fn start() -> v1::ExecStart {
        v1::ExecStart {
            container: "web/nginx".into(),
            command: vec!["sh".into(), "-c".into(), "ls -l\n".into()],
            environment: vec!["MODE=7K2M".into()],
            user: "0".into(),
            ..Default::default()
        }
    }

    fn exec_words(start: v1::ExecStart) -> String {
        let message = v1::ExecRequest { message: Some(Exec::Start(start)) };
        words("/corten.v1.Workloads/Exec", &message.encode_to_vec())
    }

    #[test]
    fn a_program_in_a_container_is_told_with_its_arguments() {
        assert_eq!(exec_words(start()), "web/nginx as 0: sh -c 'ls -l\\n' (with MODE)");
        let debug = v1::DebugStart { exec: Some(start()), image: "busybox:1".into() };
        let message = v1::DebugRequest { message: Some(Debug::Start(debug)) };
        assert_eq!(
            words("/corten.v1.Workloads/Debug", &message.encode_to_vec()),
            "web/nginx as 0 with busybox:1: sh -c 'ls -l\\n' (with MODE)"
        );
        let command = ["mysql", "--password=hunter2"].map(String::from).into();
        let told = exec_words(v1::ExecStart { command, ..v1::ExecStart::default() });
        assert!(told.contains("mysql") && !told.contains("hunter2"), "{told}");
    }

    #[test]
    fn every_call_that_changes_something_has_words() {
        let names = v1::ImportStart { names: vec!["a:1".into(), "b:1".into()] };
        let import = import_image_request::Message::Start(names);
        let import = v1::ImportImageRequest { message: Some(import) }.encode_to_vec();
        let copy = v1::CopyToStart { container: "web".into(), folder: "/tmp".into() };
        let copy = copy_to_request::Message::Start(copy);
        let copy = v1::CopyToRequest { message: Some(copy) }.encode_to_vec();
        let exec = v1::ExecRequest { message: Some(Exec::Start(start())) }.encode_to_vec();
        let debug = v1::DebugStart { exec: Some(start()), image: String::new() };
        let debug = v1::DebugRequest { message: Some(Debug::Start(debug)) }.encode_to_vec();
        let from = v1::CopyFromRequest { container: "web".into(), path: "/etc".into() }.encode_to_vec();
        // All others have a name in their first field.
        let name = v1::StopWorkloadRequest { name: "web".into() }.encode_to_vec();
        let mut told = Vec::new();
        for (method, access) in METHODS {
            if access.changes == Changes::Nothing || !is_passed_on(method) {
                continue;
            }
            let message = match method.rsplit('/').next() {
                Some("Import") => &import,
                Some("CopyTo") => &copy,
                Some("CopyFrom") => &from,
                Some("Exec") => &exec,
                Some("Debug") => &debug,
                _ => &name,
            };
            let words = words(method, message);
            assert!(!words.is_empty(), "{method}");
            told.push(words);
        }
        assert!(told.contains(&"a:1, b:1".to_string()) && told.contains(&"web:/etc".to_string()), "{told:?}");
        assert!(told.len() > 10, "{told:?}");
    }

    proptest! {
        #[test]
        fn any_message_has_words_on_one_line(
            message in prop::collection::vec(any::<u8>(), 0..200),
            command in prop::collection::vec("\\PC{0,10}|\n", 0..4),
        ) {
            for (method, _) in METHODS {
                prop_assert!(!words(method, &message).contains('\n'));
            }
            let told = exec_words(v1::ExecStart { command, ..v1::ExecStart::default() });
            prop_assert!(!told.contains('\n'));
        }
    }
}
