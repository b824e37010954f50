//! What the agent reads: logs, its own files, what the kernel says of the machine, and answers to its checks.

use std::fmt::Write as _;

use corten_agent::configuration::parse_record;
use corten_agent::facts::{disks, links, mounts, netlink, node, processes, sockets, timeline, usage};
use corten_agent::support::Redactor;
use corten_agent::{audit, logs, probes};
use corten_api::v1;
use corten_control::{Answer, Boot, System};

/// Lines of the kernel's log, as a journal takes them and gives them to readers.
pub fn log(data: &[u8]) {
    let journal = logs::Journal::new(16 << 10);
    let entries: Vec<_> = data.split(|byte| *byte == b'\n').filter_map(logs::parse).collect();
    for entry in &entries {
        assert!(!entry.text.chars().any(char::is_control), "{:?} would move a cursor", entry.text);
    }
    let count = entries.len() as u64;
    let mut all = journal.read(&v1::ReadLogsRequest { follow: true, ..v1::ReadLogsRequest::default() });
    journal.add(entries, 3, 1_700_000_000_000_000_000);
    let mut told = 0;
    while let Some(line) = all.next_kept() {
        told += 1 + line.lost;
        let _ = logs::rfc3339(line.at_ns);
    }
    assert!(count == 0 || told == count + 3, "{told} lines read or lost, of {count} and 3");
}

pub fn log_seeds() -> Vec<Vec<u8>> {
    let lines = [
        "6,339,5140900,-;NET: Registered PF_INET6 protocol family\n SUBSYSTEM=net\n",
        "14,340,5140901,c;agent: \\xc3\\xa9 and \\x5c and more\n30,341,5140902,-,caller=T1;web: a: b\n",
        "12,342,18446744073709551615,-;without a name\n",
    ];
    lines.iter().map(|line| line.as_bytes().to_vec()).collect()
}

/// The agent's own files: a power cut or a disk may have left anything in them.
pub fn kept(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for line in data.split(|byte| *byte == b'\n') {
        let _ = audit::parse(line);
    }
    let _ = parse_record(&text);
}

pub fn kept_seeds() -> Vec<Vec<u8>> {
    let audit = r#"{"number":7,"at_ns":1700000000000000000,"who":"ann","certificate":"ab","role":"admin","from":"192.0.2.1:4000","method":"corten.v1.Node/Reboot","what":"restart the machine","result":"ok"}"#;
    let record = r#"{"last":4,"operator":3,"pending":{"generation":4,"boot":"b"},"history":[{"number":3,"at-ns":9,"by":"ann","name":"operator","format":"toml","state":"in-force","changes":[{"key":"identity.hostname","before":null,"after":"\"a\""}]}]}"#;
    vec![format!("{audit}\n{audit}\n").into(), record.into()]
}

/// What init says and leaves in files, and what the agent leaves for init.
pub fn init(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(answer) = Answer::parse(&text) {
        assert_eq!(Answer::parse(&answer.line()), Some(answer), "it is read as it was written");
    }
    if let Ok(system) = System::parse(data) {
        assert_eq!(System::parse(&system.to_bytes()).ok(), Some(system), "it is read as it was written");
    }
    let _ = serde_json::from_slice::<Boot>(data);
    if let Some(timeline) = timeline::parse(&text) {
        assert!(timeline.steps.len() <= 256, "a timeline without end");
    }
}

pub fn init_seeds() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"answer":"services","services":[{"name":"agent","state":"ready","pid":9,"since-ms":4,"restarts":0,"found":"API on port 7443"}]}"#,
        r#"{"answer":"changed","service":{"name":"web","state":"back-off","pid":null,"since-ms":4,"restarts":2,"found":""}}"#,
        r#"{"hostname":"a","sysctl":{"vm.swappiness":"10"},"modules":["x"],"disks":{"data":{"name":"vdb","serial":null,"label":"data","mount":"/var/mnt/data"}}}"#,
        r#"{"disk":"vda","slot":"root-a","esp":"vda1","version":"0.1.0","root-hash":"ab","secure-boot":true,"machine-id":"c","maintenance":""}"#,
        r#"{"before_kernel":{"firmware_ms":900,"loader_ms":30},"ready_ms":4100,"steps":[{"name":"stage1.modules","start_ms":12,"end_ms":80}]}"#,
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}

/// Texts of `/proc` and `/sys`; a container writes some of them, such as the name of a process.
pub fn facts(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = (processes::parse_stat(&text), processes::parse_uid(&text), processes::parse_service(&text));
    assert!(processes::command(&text).len() <= 1024, "the API promises a bound");
    let _ = (node::parse_os_release(&text), node::parse_memory(&text), node::parse_load(&text));
    let _ = (node::parse_uptime(&text), node::parse_processors(&text), mounts::parse(&text));
    let _ = (usage::parse_cpu(&text), usage::parse_processes(&text));
    let _ = (links::parse_counters(&text), links::device_type(&text));
    let _ = (disks::uevent_value(&text, "DEVTYPE"), disks::parse_moved(&text));
    for protocol in ["tcp", "tcp6", "udp6"] {
        let _ = sockets::parse(protocol, &text);
    }
}

pub fn facts_seeds() -> Vec<Vec<u8>> {
    let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 5 0 0 0 7 8 0 0 20 0 3 0 99 1048576 200 18446744073709551615 0 0";
    let tcp = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: \
               0100007F:1D13 00000000:0000 0A 00000000:00000000 00:00000000 00000000   901        0 12345 1 0 100\n   \
               1: 000080FE00000000FF005450B6041234:1D13 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 1\n";
    let texts = [
        stat,
        tcp,
        "Name:\tx\nUid:\t901\t901\t901\t901\n",
        "0::/corten/agent\n",
        "corten-agent\0--root\0/\0",
        "NAME=\"Corten\"\nVERSION_ID='0.1.0'\n",
        "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 500 kB\nBuffers: 1 kB\nCached: 3 kB\n",
        "0.10 0.20 0.30 1/99 1234\n",
        "1234.56 99.00\n",
        "cpu  1 2 3 4 5\ncpu0 1 2 3 4 5\nbtime 1700000000\nprocesses 9\n",
        "36 35 98:0 /a\\040b /mnt/c rw,noatime master:1 - ext4 /dev/vda rw,errors=continue\n",
        "usage_usec 123\nuser_usec 4\n",
        "Inter-|   Receive  |  Transmit\n face |bytes    packets errs\n  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
        "DEVTYPE=disk\nMAJOR=254\n",
        "1 2 3 4 5 6 7 8 9 10 11\n",
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}

/// One datagram of routing netlink.
pub fn datagram(data: &[u8]) {
    let part = netlink::parse(data);
    assert!(part.messages.len() <= data.len() / 16, "more messages than there is room for");
}

/// A link, an address and the end of a dump, as Linux sends them.
pub fn datagram_seeds() -> Vec<Vec<u8>> {
    let attribute = |kind: u16, value: &[u8]| {
        let mut bytes = [&(4 + value.len() as u16).to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let message = |kind: u16, body: &[u8]| {
        let length = (16 + body.len() as u32).to_ne_bytes();
        [&length[..], &kind.to_ne_bytes(), &2_u16.to_ne_bytes(), &1_u32.to_ne_bytes(), &[0; 4], body].concat()
    };
    let link = [vec![0, 0, 1, 0, 2, 0, 0, 0, 67, 0, 1, 0, 0, 0, 0, 0], attribute(3, b"eth0\0")].concat();
    let link = [link, attribute(4, &1500_u32.to_ne_bytes()), attribute(1, &[2, 0, 0, 0, 0, 1])].concat();
    let address = [vec![2, 24, 128, 0, 2, 0, 0, 0], attribute(1, &[192, 0, 2, 4])].concat();
    let address = [address, attribute(6, &[255; 16]), attribute(11, &[2])].concat();
    let route = [vec![2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0], attribute(5, &[192, 0, 2, 1])].concat();
    let route = [route, attribute(4, &2_u32.to_ne_bytes())].concat();
    let end = message(3, &0_i32.to_ne_bytes());
    let all = [message(16, &link), message(20, &address), message(24, &route), end];
    vec![all.concat(), all[0].clone(), all[2].clone()]
}

/// The status line of an answer to a check.
pub fn status_line(data: &[u8]) {
    if let Ok(status) = probes::parse_status(data) {
        assert!((100..600).contains(&status), "{status}");
    }
    let request = probes::request(&String::from_utf8_lossy(data), 80, &String::from_utf8_lossy(data));
    assert_eq!(request.matches("\r\n").count(), 6, "{request:?} has more lines than ours");
}

pub fn status_line_seeds() -> Vec<Vec<u8>> {
    vec![b"HTTP/1.1 200 OK".to_vec(), b"HTTP/1.0 503 Service Unavailable".to_vec()]
}

/// What goes into a bundle of support.
pub fn redact(data: &[u8]) {
    const KNOWN: &str = "known-secret-word";
    let text = String::from_utf8_lossy(data);
    let redactor = Redactor::new([KNOWN.to_owned()]);
    let shown = redactor.redact(&text);
    assert!(!shown.contains(KNOWN), "a known secret is shown");
}

pub fn redact_seeds() -> Vec<Vec<u8>> {
    let mut text = String::from("password = \"x\"\nAuthorization: Bearer abc\nhttps://user:word@host/\n");
    let _ = write!(text, "-----BEGIN PRIVATE KEY-----\nMAsM\n-----END PRIVATE KEY-----\n");
    let _ = write!(text, "key: |\n  known-secret-word\n  more\nnext: 1\n--token abc\nABCD-0123-1XYZ\n");
    vec![text.into(), br#"{"api_key":"a\"b","name":"token","value":"c"}"#.to_vec()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else mutations would all be refused for the same reason.
    #[test]
    fn seeds_are_what_an_agent_reads() {
        assert!(log_seeds().iter().all(|seed| logs::parse(seed).is_some()), "lines");
        let kept = kept_seeds();
        assert!(kept[0].split(|byte| *byte == b'\n').filter_map(audit::parse).count() == 2, "audit");
        assert!(parse_record(&String::from_utf8_lossy(&kept[1])).is_ok(), "a record");
        let init: Vec<String> =
            init_seeds().iter().map(|seed| String::from_utf8_lossy(seed).into_owned()).collect();
        assert!(init[..2].iter().all(|text| Answer::parse(text).is_some()), "answers");
        assert!(System::parse(init[2].as_bytes()).is_ok(), "a machine");
        assert!(serde_json::from_str::<Boot>(&init[3]).is_ok(), "a start");
        assert!(timeline::parse(&init[4]).is_some(), "a timeline");
        let whole = netlink::parse(&datagram_seeds()[0]);
        assert_eq!((whole.messages.len(), whole.end), (3, Some(0)), "a dump");
    }
}
