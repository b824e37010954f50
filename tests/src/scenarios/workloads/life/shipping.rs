//! Lines of containers at places outside of the node.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};

use super::hands::say;
use crate::live::{Node, PATIENCE};

/// Takes lines at a port of this machine until the test program ends.
struct Collector {
    port: u16,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Collector {
    fn open() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let collector = Self { port: listener.local_addr()?.port(), lines: Arc::default() };
        let lines = Arc::clone(&collector.lines);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if let Ok(mut lines) = lines.lock() {
                        lines.push(line);
                    }
                }
            }
        });
        Ok(collector)
    }

    /// The lines with this text until now.
    fn with(&self, text: &str) -> Result<Vec<String>> {
        let lines = self.lines.lock().map_err(|_| anyhow!("the collector panicked"))?;
        Ok(lines.iter().filter(|line| line.contains(text)).cloned().collect())
    }
}

/// As objects, and as messages of syslog (RFC 5424) that are framed by newlines (RFC 6587, 3.4.2).
pub(super) fn have_their_output_sent(node: &mut Node<'_>) -> Result<()> {
    let (objects, messages) = (Collector::open()?, Collector::open()?);
    let target = |name: &str, port: u16, format: &str| {
        format!(
            "[logging.targets.{name}]\naddress = \"10.0.2.2:{port}\"\ntransport = \"tcp\"\nformat = \"{format}\"\n"
        )
    };
    let tables = target("objects", objects.port, "json") + &target("messages", messages.port, "syslog");
    let text = node.owner.configuration(&tables)?;
    node.applies("logging.toml", &text, &[])?.exits_with(0)?;
    let marker = "sent-to-collectors";
    say(node, "guest", marker)?;
    let (object, message) = node.until(PATIENCE, |_| {
        let first = |lines: Vec<String>| lines.into_iter().next().context("it has not come");
        Ok((first(objects.with(marker)?)?, first(messages.with(marker)?)?))
    })?;
    let object: Value = serde_json::from_str(&object).with_context(|| object.clone())?;
    for (key, expected) in [("source", "guest/main"), ("host", "harbour"), ("text", marker)] {
        ensure!(object[key] == json!(expected), "{object}");
    }
    ensure!(object["machine"].as_str().is_some_and(|id| id.len() == 32), "{object}");
    let moment = object["time"].as_str().context("no time")?;
    moment.parse::<jiff::Timestamp>().with_context(|| moment.to_owned())?;
    // `<facility * 8 + severity>version time host program process message structured-data text`.
    let fields: Vec<&str> = message.splitn(8, ' ').collect();
    ensure!(fields == ["<30>1", moment, "harbour", "guest/main", "-", "-", "-", marker], "{message:?}");
    Ok(())
}
