//! Log lines as records. Attributes have the names of OpenTelemetry's semantic conventions where there are any. Pure.

use corten_api::v1;

use super::proto::collector::logs::v1::ExportLogsServiceRequest;
use super::proto::common::v1::any_value::Value;
use super::proto::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use super::proto::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use super::proto::resource::v1::Resource;
use crate::shipping::Origin;

/// Names of the levels of syslog(2), and what they are for OpenTelemetry, as the data model of its logs has it.
const LEVELS: [(&str, SeverityNumber); 8] = [
    ("EMERG", SeverityNumber::Fatal),
    ("ALERT", SeverityNumber::Error3),
    ("CRIT", SeverityNumber::Error2),
    ("ERR", SeverityNumber::Error),
    ("WARNING", SeverityNumber::Warn),
    ("NOTICE", SeverityNumber::Info2),
    ("INFO", SeverityNumber::Info),
    ("DEBUG", SeverityNumber::Debug),
];

/// What is sent of lines of one node. `observed_ns` is the time at which they are sent.
pub fn request(lines: &[v1::LogLine], origin: &Origin, observed_ns: i64) -> ExportLogsServiceRequest {
    let resource = Resource {
        attributes: vec![text("host.name", &origin.hostname), text("host.id", &origin.machine_id)],
    };
    let scope = InstrumentationScope { name: "corten".into(), version: env!("CARGO_PKG_VERSION").into() };
    let log_records = lines.iter().map(|line| record(line, observed_ns)).collect();
    let scope_logs = vec![ScopeLogs { scope: Some(scope), log_records }];
    ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { resource: Some(resource), scope_logs }] }
}

fn record(line: &v1::LogLine, observed_ns: i64) -> LogRecord {
    let (severity, number) =
        LEVELS.get(line.level as usize).copied().unwrap_or(("", SeverityNumber::Unspecified));
    let mut attributes = match line.source.split_once('/') {
        Some((workload, container)) => {
            vec![text("corten.workload.name", workload), text("container.name", container)]
        }
        None => vec![text("service.name", &line.source)],
    };
    attributes.push(number_of("corten.uptime_ms", line.uptime_ms));
    if line.lost > 0 {
        attributes.push(number_of("corten.lost", line.lost));
    }
    LogRecord {
        time_unix_nano: u64::try_from(line.at_ns).unwrap_or(0),
        observed_time_unix_nano: u64::try_from(observed_ns).unwrap_or(0),
        severity_number: number.into(),
        severity_text: severity.into(),
        body: Some(AnyValue { value: Some(Value::StringValue(line.text.clone())) }),
        attributes,
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(Value::StringValue(value.into())) }) }
}

fn number_of(key: &str, value: u64) -> KeyValue {
    let value = Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX));
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }) }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn a_line_is_a_record_with_the_numbers_of_the_protocol() {
        let line = |source: &str, level, lost| v1::LogLine {
            source: source.into(),
            at_ns: 5,
            uptime_ms: 7,
            level,
            text: "hé".into(),
            lost,
        };
        let origin = Origin { hostname: "n1".into(), machine_id: "0a".into() };
        let request = request(&[line("web/app", 3, 2), line("ntp", 9, 0)], &origin, 9);
        let records = &request.resource_logs[0].scope_logs[0].log_records;
        let keys = |record: &LogRecord| {
            record.attributes.iter().map(|attribute| attribute.key.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            keys(&records[0]),
            ["corten.workload.name", "container.name", "corten.uptime_ms", "corten.lost"]
        );
        assert_eq!(keys(&records[1]), ["service.name", "corten.uptime_ms"]);
        assert_eq!((records[0].severity_number, records[0].severity_text.as_str()), (17, "ERR"));
        assert_eq!(records[1].severity_number, 0);
        // Field by field as the definition of the protocol numbers them: time, severity, text, body, observed time.
        let bare = LogRecord { attributes: Vec::new(), ..records[0].clone() };
        let expected = [
            &[0x09, 5, 0, 0, 0, 0, 0, 0, 0, 0x10, 17, 0x1a, 3][..],
            b"ERR",
            &[0x2a, 5, 0x0a, 3],
            "hé".as_bytes(),
            &[0x59, 9, 0, 0, 0, 0, 0, 0, 0],
        ];
        assert_eq!(bare.encode_to_vec(), expected.concat());
    }
}
