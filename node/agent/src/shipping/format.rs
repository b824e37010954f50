//! A log line as targets take it: a JSON object, or a message of syslog (RFC 5424). Pure.

use corten_api::v1;
use corten_config::settings::LogFormat;
use serde::Serialize;

use crate::logs::rfc3339;

/// Facilities of syslog: the kernel's, and that of services.
const KERNEL: u32 = 0;
const DAEMON: u32 = 3;
/// Characters that RFC 5424 gives to the names of a host and of a program.
const MAX_HOST: usize = 255;
const MAX_PROGRAM: usize = 48;

/// Who a line is from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Name of the host.
    pub hostname: String,
    /// Identity of the machine, which stays when the name changes.
    pub machine_id: String,
}

#[derive(Serialize)]
struct Json<'a> {
    time: String,
    host: &'a str,
    machine: &'a str,
    source: &'a str,
    level: u32,
    /// With the machine it tells a line that comes twice, after a restart of the agent.
    uptime_ms: u64,
    #[serde(skip_serializing_if = "is_zero")]
    lost: u64,
    text: &'a str,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A line with its end; as JSON where the format has no lines.
pub fn line(line: &v1::LogLine, origin: &Origin, format: LogFormat) -> String {
    let mut out = match format {
        LogFormat::Json | LogFormat::Otlp => json(line, origin),
        LogFormat::Syslog => syslog(line, origin),
    };
    out.push('\n');
    out
}

fn json(line: &v1::LogLine, origin: &Origin) -> String {
    let object = Json {
        time: rfc3339(line.at_ns),
        host: &origin.hostname,
        machine: &origin.machine_id,
        source: &line.source,
        level: line.level,
        uptime_ms: line.uptime_ms,
        lost: line.lost,
        text: &line.text,
    };
    // Strings and numbers are always written.
    serde_json::to_string(&object).unwrap_or_default()
}

fn syslog(line: &v1::LogLine, origin: &Origin) -> String {
    let facility = if line.source == "kernel" { KERNEL } else { DAEMON };
    let priority = facility * 8 + line.level.min(7);
    let host = word(&origin.hostname, MAX_HOST);
    let program = word(&line.source, MAX_PROGRAM);
    let lost = if line.lost > 0 { format!("({} lines lost) ", line.lost) } else { String::new() };
    // A control character could end the message.
    let text: String = line.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("<{priority}>1 {} {host} {program} - - - {lost}{text}", rfc3339(line.at_ns))
}

/// A word of printable ASCII; a hyphen for none.
fn word(text: &str, most: usize) -> String {
    let word: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if word.is_empty() { "-".into() } else { word }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin() -> Origin {
        Origin { hostname: "n1".into(), machine_id: "0a0b".into() }
    }

    fn sample(source: &str, lost: u64) -> v1::LogLine {
        let text = "say \"hé\"".to_string();
        v1::LogLine { source: source.into(), at_ns: 1_000, uptime_ms: 7, level: 4, text, lost }
    }

    #[test]
    fn lines_are_as_collectors_read_them() {
        assert_eq!(
            line(&sample("web", 0), &origin(), LogFormat::Json),
            "{\"time\":\"1970-01-01T00:00:00.000001Z\",\"host\":\"n1\",\"machine\":\"0a0b\",\"source\":\"web\",\
             \"level\":4,\"uptime_ms\":7,\"text\":\"say \\\"hé\\\"\"}\n"
        );
        assert!(line(&sample("web", 12), &origin(), LogFormat::Json).contains("\"lost\":12,"));
        assert_eq!(
            line(&sample("web", 0), &origin(), LogFormat::Syslog),
            "<28>1 1970-01-01T00:00:00.000001Z n1 web - - - say \"hé\"\n"
        );
        assert_eq!(
            line(&sample("kernel", 3), &Origin::default(), LogFormat::Syslog),
            "<4>1 1970-01-01T00:00:00.000001Z - kernel - - - (3 lines lost) say \"hé\"\n"
        );
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_whatever_it_holds(
            text in "(\\PC|[\r\n\t\u{0}]){0,40}",
            name in "(\\PC|\n){0,80}",
            at_ns in any::<i64>(),
            level in any::<u32>(),
        ) {
            let sample = v1::LogLine { source: name.clone(), at_ns, level, text: text.clone(), ..Default::default() };
            let origin = Origin { hostname: name.clone(), machine_id: name };
            let shown = line(&sample, &origin, LogFormat::Json);
            prop_assert_eq!(shown.matches('\n').count(), 1);
            let value: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
            prop_assert_eq!(value["text"].as_str(), Some(text.as_str()));
            let shown = line(&sample, &origin, LogFormat::Syslog);
            prop_assert_eq!(shown.matches(['\n', '\r', '\0']).count(), 1);
            // Priority with version, time, host, program, and three hyphens stand before the text.
            prop_assert!(shown.split(' ').take(7).skip(4).all(|word| word == "-"));
        }
    }
}
