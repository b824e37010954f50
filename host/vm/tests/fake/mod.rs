//! A QEMU that does what a test wants: this test program, started again. It speaks QMP and writes to the report
//! port and the console by a script; nothing is emulated.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, exit};
use std::time::Duration;

use corten_vm::Emulator;

/// Name of the variable that says what the fake does.
const SCRIPT: &str = "CORTEN_FAKE_QEMU";

/// An emulator that plays a script.
pub fn emulator(script: &str) -> Emulator {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    // libtest takes what follows `--` for names of tests.
    command.args(["--ignored", "--exact", "--nocapture", "the_fake_qemu", "--"]).env(SCRIPT, script);
    Emulator::from_parts(&command, None)
}

pub const READY: &str = r#"{"event":"ready","version":"1.2.3","root_hash":"abcd","kernel_to_ready_ms":1,"memory_used_bytes":5,"processes":6,"services":{"containerd":"ok"}}"#;
const STEP: &str = r#"{"event":"step","name":"stage1.modules","start_ms":0,"end_ms":0}"#;
const STOPPING: &str = r#"{"event":"stopping","cause":"power-button"}"#;
const FAILED: &str =
    r#"{"event":"failed","what":"stage1.verity","why":"no slot","hint":"write the image again"}"#;

struct Qemu {
    console: UnixStream,
    report: UnixStream,
    qmp: UnixStream,
    orders: BufReader<UnixStream>,
}

impl Qemu {
    fn connect(args: &[String]) -> Self {
        let channel = |id: &str| {
            let prefix = format!("socket,id={id},path=");
            let path = args.iter().find_map(|arg| arg.strip_prefix(&prefix)).expect("a channel");
            UnixStream::connect(path.split(',').next().expect("a path")).expect("the run waits")
        };
        let (console, report, mut qmp) = (channel("console"), channel("report"), channel("qmp"));
        qmp.write_all(b"{\"QMP\": {}}\n").expect("greeting");
        let orders = BufReader::new(qmp.try_clone().expect("clone"));
        Self { console, report, qmp, orders }
    }

    fn report(&mut self, line: &str) {
        writeln!(self.report, "{line}").expect("report");
    }

    fn say(&mut self, line: &str) {
        writeln!(self.console, "{line}").expect("console");
    }

    fn event(&mut self, name: &str, data: &str) {
        let line = format!(r#"{{"timestamp":{{}},"event":"{name}","data":{data}}}"#);
        writeln!(self.qmp, "{line}").expect("event");
    }

    /// Waits for an order and answers it with `answer`.
    fn wait_for(&mut self, order: &str, answer: &str) {
        loop {
            let mut line = String::new();
            if self.orders.read_line(&mut line).expect("order") == 0 {
                exit(7);
            }
            if line.contains(order) {
                writeln!(self.qmp, r#"{{"return":{answer},"id":"{order}"}}"#).expect("answer");
                return;
            }
        }
    }

    fn power_off(&mut self) -> ! {
        self.event("SHUTDOWN", r#"{"guest":true,"reason":"guest-shutdown"}"#);
        exit(0)
    }

    fn boot_and_stop(&mut self) -> ! {
        self.say("\u{1b}[2Jbooting");
        self.report(STEP);
        self.report(READY);
        self.wait_for("system_powerdown", "{}");
        self.report(STOPPING);
        self.power_off()
    }
}

fn sleep_for_ever() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

/// What the fake does when it is started as QEMU.
pub fn main() {
    let Ok(script) = std::env::var(SCRIPT) else { return };
    let args: Vec<String> = std::env::args().collect();
    let has = |wanted: &str| args.iter().any(|arg| arg == wanted);
    if has("--version") {
        println!("\nQEMU emulator version 0 (fake)");
        exit(0);
    }
    // The probe's guest, which says that it runs.
    if has("-bios") {
        exit(0x2a << 1 | 1);
    }
    if script == "ends-at-once" {
        eprintln!("qemu: -device nonsense: no such device");
        exit(1);
    }
    let mut qemu = Qemu::connect(&args);
    qemu.wait_for("qmp_capabilities", "{}");
    match script.as_str() {
        "breaks-in-kvm" if has("kvm") => {
            qemu.event("STOP", "{}");
            qemu.wait_for("query-status", r#"{"status":"internal-error","running":false}"#);
            sleep_for_ever()
        }
        "boots" | "breaks-in-kvm" => qemu.boot_and_stop(),
        "never-ready" => {
            for number in 0..60 {
                qemu.say(&format!("line {number}"));
            }
            sleep_for_ever()
        }
        "does-not-stop" => {
            qemu.report(READY);
            qemu.wait_for("system_powerdown", "{}");
            qemu.report(STOPPING);
            sleep_for_ever()
        }
        "fails" => {
            qemu.report(FAILED);
            std::thread::sleep(Duration::from_millis(100));
            qemu.say("no slot matches");
            qemu.report(r#"{"event":"stopping","cause":"failure"}"#);
            sleep_for_ever()
        }
        "dies" => {
            eprintln!("qemu: out of memory");
            exit(1)
        }
        "restarts" => {
            qemu.report(READY);
            qemu.event("RESET", r#"{"guest":true,"reason":"guest-reset"}"#);
            // The two channels have no common order, so the second start waits a moment.
            std::thread::sleep(Duration::from_millis(100));
            qemu.report(&READY.replace("1.2.3", "1.2.4"));
            qemu.power_off()
        }
        "writes-garbage" => {
            // Whoever reads may be slow, but must neither hang nor grow.
            qemu.report.write_all(&vec![b'x'; 8 << 20]).expect("report");
            qemu.report
                .write_all(b"\n\xff\xfe\x00\n{\"event\":\"ready\"}\n{\"event\":\"new\"}\n[[[[\n\n")
                .expect("report");
            qemu.console.write_all(&vec![b'y'; 8 << 20]).expect("console");
            qemu.qmp
                .write_all(b"no json\n{\"event\":[]}\n{\"return\":{},\"id\":\"unknown\"}\n")
                .expect("qmp");
            qemu.boot_and_stop()
        }
        other => panic!("there is no script {other}"),
    }
}
