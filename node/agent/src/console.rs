//! What a person at the console of a node is shown: where its API is and by what it is known, and, in maintenance, the
//! code that pairs it.

use corten_api::identity::Fingerprint;
use corten_api::pairing::Code;
use corten_config::Problem;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// Bytes of a reason.
const MAX_REASON: usize = 400;

/// Lines for the console of a node that has a certificate of its own making.
pub fn fingerprint(fingerprint: &Fingerprint, addresses: &[String], port: u16) -> Vec<String> {
    let mut lines = vec![format!("*** corten: the API is at {}", places(addresses, port))];
    lines.push(format!("    fingerprint {fingerprint}"));
    lines
}

/// Lines for the console of a node that waits for a configuration.
pub fn pairing(
    code: &Code,
    fingerprint: &Fingerprint,
    reason: &str,
    (addresses, port): (&[String], u16),
) -> Vec<String> {
    let shown = code.shown();
    let reason = cut(reason);
    let mut lines = vec![
        format!("*** corten: maintenance: {reason}"),
        format!("    The API is at {}", places(addresses, port)),
        format!("    fingerprint {fingerprint}"),
        format!("    pairing code: {}", shown.as_str()),
        "    corten node pair ADDRESS --code CODE --config FILE --keys FOLDER".into(),
    ];
    // What a phone reads: the same as a line that can be pasted.
    let address = addresses.first().map_or("", String::as_str);
    let text = format!("corten:pair?at={address}:{port}&code={}&sha256={fingerprint}", shown.as_str());
    if let Ok(picture) = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::L) {
        // Consoles are dark, and readers want dark on light.
        let picture =
            picture.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build();
        lines.extend(picture.lines().map(|line| format!("    {line}")));
    }
    lines
}

/// Lines for the console of a node that waits for a configuration and takes none any more.
pub fn closed(reason: &str) -> Vec<String> {
    vec![
        format!("*** corten: maintenance: {}", cut(reason)),
        "    Pairing is closed after too many wrong codes: start the machine again for a new one".into(),
    ]
}

/// A reason may be a long list; `corten node info` tells all of it.
fn cut(reason: &str) -> &str {
    let first = reason.lines().next().unwrap_or_default();
    &first[..first.floor_char_boundary(MAX_REASON)]
}

/// Problems that a console shows, and characters of each.
const MAX_PROBLEMS: usize = 5;
const MAX_PROBLEM: usize = 300;

/// Lines for the console of a node that runs something else than what it was given, or not all of it; none where all is
/// well.
pub fn problems(problems: &[Problem]) -> Vec<String> {
    if problems.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["*** corten: the configuration has problems".to_owned()];
    for problem in problems.iter().take(MAX_PROBLEMS) {
        let text = problem.to_string();
        let line: String = text.lines().next().unwrap_or_default().chars().take(MAX_PROBLEM).collect();
        lines.push(format!("    {line}"));
    }
    if problems.len() > MAX_PROBLEMS {
        lines.push(format!("    and {} more: `corten node config get`", problems.len() - MAX_PROBLEMS));
    }
    lines
}

fn places(addresses: &[String], port: u16) -> String {
    if addresses.is_empty() {
        return format!("port {port} (no address yet)");
    }
    let place = |address: &String| {
        if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
    };
    addresses.iter().map(place).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_stand_on_lines_of_their_own() {
        assert!(problems(&[]).is_empty());
        let problem = Problem {
            document: "10-run.toml".into(),
            line: 4,
            column: 12,
            key: "identity.hostname".into(),
            message: "é\n".repeat(MAX_PROBLEM),
            help: None,
        };
        let lines = problems(&vec![problem; MAX_PROBLEMS + 2]);
        assert_eq!(lines.len(), MAX_PROBLEMS + 2);
        assert!(lines[1].contains("10-run.toml:4:12") && lines[1].contains('é'), "{}", lines[1]);
        assert!(lines[MAX_PROBLEMS + 1].contains("and 2 more"));
        assert!(lines.iter().all(|line| !line.contains('\n') && line.len() <= 2 * MAX_PROBLEM + 4));
    }

    #[test]
    fn the_console_shows_where_by_what_and_with_which_code() {
        let code = Code::generate([1, 2, 3, 4, 5, 6, 7, 8]);
        let print = Fingerprint::of(b"certificate");
        let addresses = ["10.0.2.15".to_string(), "fe80::1".to_string()];
        let lines = pairing(&code, &print, "no configuration", (&addresses, 7443));
        let text = lines.join("\n");
        assert!(text.contains("The API is at 10.0.2.15:7443, [fe80::1]:7443"), "{text}");
        assert!(text.contains(code.shown().as_str()) && text.contains(&print.to_string()), "{text}");
        // With the codes of JSON around it, it fits into one request to init, and into 80 columns.
        assert!(text.len() + 1024 < corten_control::MAX_LINE, "{}", text.len());
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
    }
}
