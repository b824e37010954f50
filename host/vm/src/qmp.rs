//! The part of the QEMU Machine Protocol that a run needs: press the power button, ask for the state, and the
//! events that say what the machine did.
//!
//! One JSON object a line each way (QEMU: docs/interop/qmp-spec.rst). Replies are matched by what was asked,
//! events arrive at any time.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use serde_json::Value;

/// A line of QMP is cut after so many bytes; what we ask for is answered in far fewer.
pub const LINE_LIMIT: usize = 256 * 1024;

/// What is asked of QEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Leaves negotiation; has to be first.
    Capabilities,
    /// Presses the power button.
    PowerButton,
    /// Asks for the state of the machine.
    Status,
}

impl Command {
    const ALL: [Self; 3] = [Self::Capabilities, Self::PowerButton, Self::Status];

    fn name(self) -> &'static str {
        match self {
            Self::Capabilities => "qmp_capabilities",
            Self::PowerButton => "system_powerdown",
            Self::Status => "query-status",
        }
    }

    fn line(self) -> String {
        format!("{{\"execute\":\"{0}\",\"id\":\"{0}\"}}\n", self.name())
    }
}

/// Something that happened to the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QmpEvent {
    /// The machine is off. `guest` says that the guest did it, `reason` how (`guest-shutdown`, `guest-reset`,
    /// `guest-panic`, `host-qmp-quit`, `host-signal` ...).
    Shutdown {
        /// Who did it.
        by: Origin,
        /// QEMU's word for why.
        reason: String,
    },
    /// The machine was reset.
    Reset {
        /// Who did it.
        by: Origin,
        /// QEMU's word for why.
        reason: String,
    },
    /// The guest's kernel told the panic device that it panicked.
    GuestPanicked,
    /// The watchdog ran out; what it does now.
    Watchdog {
        /// `reset`, `poweroff` and so on.
        action: String,
    },
    /// The power button was pressed.
    PowerButton,
    /// The machine was stopped and could go on.
    Stopped,
    /// An event that matters to nobody here.
    Other(String),
}

/// Who caused something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The guest.
    Guest,
    /// The host: us, a signal, a user.
    Host,
}

/// One line from QEMU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The first line.
    Greeting,
    /// The state of the machine, in QEMU's words: `running`, `paused`, `internal-error` ...
    Status(String),
    /// A command was done.
    Done(Command),
    /// A command was refused, and why.
    Refused(Option<Command>, String),
    /// Something happened.
    Event(QmpEvent),
}

impl Message {
    /// Reads one line; `None` for what is none of QMP.
    pub fn from_line(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        if value.get("QMP").is_some() {
            return Some(Self::Greeting);
        }
        if let Some(name) = value.get("event").and_then(Value::as_str) {
            return Some(Self::Event(event(name, value.get("data").unwrap_or(&Value::Null))));
        }
        let id = value.get("id").and_then(Value::as_str);
        let command = Command::ALL.into_iter().find(|command| Some(command.name()) == id);
        if let Some(error) = value.get("error") {
            return Some(Self::Refused(command, text(error, "desc")));
        }
        let answer = value.get("return")?;
        match command? {
            Command::Status => Some(Self::Status(text(answer, "status"))),
            other => Some(Self::Done(other)),
        }
    }
}

fn text(object: &Value, key: &str) -> String {
    object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn event(name: &str, data: &Value) -> QmpEvent {
    let by =
        if data.get("guest").and_then(Value::as_bool) == Some(true) { Origin::Guest } else { Origin::Host };
    match name {
        "SHUTDOWN" => QmpEvent::Shutdown { by, reason: text(data, "reason") },
        "RESET" => QmpEvent::Reset { by, reason: text(data, "reason") },
        "GUEST_PANICKED" => QmpEvent::GuestPanicked,
        "WATCHDOG" => QmpEvent::Watchdog { action: text(data, "action") },
        "POWERDOWN" => QmpEvent::PowerButton,
        "STOP" => QmpEvent::Stopped,
        other => QmpEvent::Other(other.to_owned()),
    }
}

/// The side of the connection that asks.
pub struct Commands(UnixStream);

impl Commands {
    /// Asks over this connection. A QEMU that does not read its orders for a second is not waited for.
    pub fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_write_timeout(Some(std::time::Duration::from_secs(1)))?;
        let mut commands = Self(stream);
        commands.send(Command::Capabilities)?;
        Ok(commands)
    }

    /// Sends a command; its answer arrives as a [`Message`].
    pub fn send(&mut self, command: Command) -> io::Result<()> {
        self.0.write_all(command.line().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(line: &str) -> Option<Message> {
        Message::from_line(line)
    }

    #[test]
    fn a_shutdown_says_who_and_why() {
        let line = r#"{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}"#;
        let event = QmpEvent::Shutdown { by: Origin::Guest, reason: "guest-shutdown".into() };
        assert_eq!(parsed(line), Some(Message::Event(event)));
    }

    #[test]
    fn replies_are_matched_by_what_was_asked() {
        let status = r#"{"return": {"status": "internal-error", "running": false}, "id": "query-status"}"#;
        assert_eq!(parsed(status), Some(Message::Status("internal-error".into())));
        let done = r#"{"return": {}, "id": "system_powerdown"}"#;
        assert_eq!(parsed(done), Some(Message::Done(Command::PowerButton)));
        let refused = r#"{"error": {"class": "GenericError", "desc": "no"}, "id": "system_powerdown"}"#;
        assert_eq!(parsed(refused), Some(Message::Refused(Some(Command::PowerButton), "no".into())));
    }

    #[test]
    fn the_greeting_is_known_and_other_lines_are_not() {
        assert_eq!(parsed(r#"{"QMP": {"version": {}, "capabilities": ["oob"]}}"#), Some(Message::Greeting));
        for line in ["", "{}", "[]", "null", "{\"return\":{}}", "{\"event\":1}", "SHUTDOWN"] {
            assert_eq!(parsed(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line: String, name: String, data in "[{}\\[\\]\":,a-z0-9]{0,60}") {
            let _ = parsed(&line);
            let _ = parsed(&data);
            let event = format!("{{\"event\":{},\"data\":{data}}}", Value::String(name));
            let _ = parsed(&event);
        }
    }
}
