//! The run loop against a QEMU that misbehaves on purpose, and once against a real one.
#![allow(missing_docs)]

mod fake;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use corten_vm::{
    Accelerator, Boot, Choice, Control, Disk, DiskFormat, Emulator, End, Error, Forward, Limits, Machine,
    Outcome, QmpEvent, RunEvent, Settings, Until, Variables, Writes, run,
};

#[test]
#[ignore = "not a test: what the other tests start as QEMU"]
fn the_fake_qemu() {
    fake::main();
}

struct Bench {
    folder: tempfile::TempDir,
    machine: Machine,
    settings: Settings,
    control: Control,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let kernel = folder.path().join("linux");
        std::fs::write(&kernel, "kernel").expect("write");
        let boot = Boot::Kernel { kernel, initrd: None, command_line: String::new() };
        let limits = Limits {
            ready: Some(Duration::from_secs(10)),
            total: Some(Duration::from_secs(20)),
            stop: Duration::from_secs(5),
        };
        let settings = Settings {
            accelerator: Choice::Fixed(Accelerator::Tcg),
            until: Until::Ready,
            limits,
            console_log: folder.path().join("console.log"),
        };
        Self { machine: Machine::new(boot), settings, control: Control::new(), folder }
    }

    fn run(&self, script: &str) -> Result<(Outcome, Vec<String>), Error> {
        let mut events = Vec::new();
        let outcome =
            run(&fake::emulator(script), &self.machine, &self.settings, &self.control, &mut |event| {
                events.push(match event {
                    RunEvent::Started(_) => "started".to_owned(),
                    RunEvent::Report(_, event) => event.to_line().trim().to_owned(),
                    RunEvent::Machine(_, event) => format!("{event:?}"),
                    other => format!("{other:?}"),
                });
            })?;
        Ok((outcome, events))
    }

    fn outcome(&self, script: &str) -> Outcome {
        self.run(script).expect("the fake starts").0
    }
}

#[test]
fn a_node_that_is_ready_is_stopped_in_order() {
    let (outcome, events) = Bench::new().run("boots").expect("the fake starts");
    assert_eq!(outcome.end, End::PoweredOff);
    assert_eq!(outcome.ready.expect("it was ready").version, "1.2.3");
    assert_eq!(outcome.stopping.as_deref(), Some("power-button"));
    assert_eq!(outcome.console_tail, ["booting"]);
    assert!(outcome.timeline.seconds().contains_key("total"));
    let place = |wanted: &str| events.iter().position(|event| event.contains(wanted)).expect(wanted);
    let order = ["started", "stage1.modules", "1.2.3", "PowerButton", "stopping"].map(place);
    assert!(order.is_sorted(), "{events:#?}");
}

#[test]
fn a_node_that_does_not_become_ready_is_ended_and_its_last_lines_are_kept() {
    let mut bench = Bench::new();
    bench.settings.limits.ready = Some(Duration::from_millis(500));
    let outcome = bench.outcome("never-ready");
    assert_eq!(outcome.end, End::NotReady);
    assert_eq!(outcome.console_tail.len(), 40);
    assert_eq!(outcome.console_tail.last().map(String::as_str), Some("line 59"));
}

#[test]
fn a_node_that_does_not_stop_is_ended() {
    let mut bench = Bench::new();
    bench.settings.limits.stop = Duration::from_millis(500);
    let outcome = bench.outcome("does-not-stop");
    assert_eq!(outcome.end, End::NotStopped);
    assert!(outcome.ready.is_some() && outcome.stopping.is_some());
}

#[test]
fn a_node_that_fails_says_why_and_its_last_words_are_heard() {
    let outcome = Bench::new().outcome("fails");
    assert_eq!(outcome.end, End::NodeFailed);
    assert_eq!(outcome.failed.expect("it failed").what, "stage1.verity");
    assert_eq!(outcome.console_tail, ["no slot matches"]);
}

#[test]
fn the_run_as_a_whole_has_a_limit() {
    let mut bench = Bench::new();
    bench.settings.limits.total = Some(Duration::from_millis(500));
    assert_eq!(bench.outcome("never-ready").end, End::TimedOut);
}

#[test]
fn a_second_interrupt_ends_the_machine_at_once() {
    let mut bench = Bench::new();
    bench.settings.until = Until::Off;
    bench.control.interrupt();
    bench.control.interrupt();
    assert_eq!(bench.outcome("never-ready").end, End::Killed);
}

#[test]
fn an_emulator_that_dies_says_why() {
    let died = End::Died { status: "exit status: 1".into(), message: "qemu: out of memory".into() };
    let end = Bench::new().outcome("dies").end;
    assert_eq!(end, died);
    insta::assert_snapshot!(end, @"QEMU ended (exit status: 1): qemu: out of memory");
}

#[test]
fn an_emulator_that_ends_at_once_says_why() {
    let error = Bench::new().run("ends-at-once").expect_err("it ends");
    insta::assert_snapshot!(error, @"QEMU ended at once (exit status: 1): qemu: -device nonsense: no such device");
}

#[test]
fn every_byte_of_the_console_is_kept_once() {
    let bench = Bench::new();
    bench.outcome("boots");
    let log = std::fs::read(&bench.settings.console_log).expect("there is a log");
    assert_eq!(log, b"\x1b[2Jbooting\n");
}

#[test]
fn garbage_on_any_channel_is_survived() {
    let outcome = Bench::new().outcome("writes-garbage");
    assert_eq!(outcome.end, End::PoweredOff);
    assert_eq!(outcome.ready.expect("it was ready").version, "1.2.3");
}

#[test]
fn after_a_restart_only_the_last_start_counts() {
    let mut bench = Bench::new();
    bench.settings.until = Until::Off;
    let outcome = bench.outcome("restarts");
    assert_eq!((outcome.end, outcome.resets), (End::PoweredOff, 1));
    assert_eq!(outcome.ready.expect("it was ready").version, "1.2.4");
}

#[test]
fn a_guest_that_breaks_in_kvm_starts_again_without_it() {
    if std::fs::File::options().read(true).write(true).open("/dev/kvm").is_err() {
        eprintln!("skipped: /dev/kvm is not there");
        return;
    }
    let mut bench = Bench::new();
    bench.settings.accelerator = Choice::Probe { cache: bench.folder.path().join("cache") };
    let (outcome, events) = bench.run("breaks-in-kvm").expect("the fake starts");
    assert_eq!((outcome.end, outcome.accelerator), (End::PoweredOff, Accelerator::Tcg));
    assert_eq!(events.iter().filter(|event| *event == "started").count(), 2);
    assert!(
        events.iter().any(|event| event.contains("FellBack") && event.contains("internal-error")),
        "{events:#?}"
    );
}

#[test]
fn an_accelerator_that_was_asked_for_is_not_replaced() {
    let mut bench = Bench::new();
    bench.settings.accelerator = Choice::Fixed(Accelerator::Kvm);
    let outcome = bench.outcome("breaks-in-kvm");
    assert_eq!((outcome.end, outcome.accelerator), (End::Broken("internal-error".into()), Accelerator::Kvm));
}

#[test]
fn what_is_missing_is_named_before_anything_starts() {
    let mut bench = Bench::new();
    let disk = Disk { path: "/no/such.raw".into(), format: DiskFormat::Raw, writes: Writes::Dropped };
    bench.machine.disks.push(disk);
    insta::assert_snapshot!(
        bench.run("boots").expect_err("no disk"),
        @"disk image /no/such.raw: No such file or directory (os error 2)"
    );
    bench.machine.disks.clear();
    bench.machine.boot = Boot::Uefi { variables: Variables::Temporary };
    assert!(matches!(bench.run("boots"), Err(Error::NoFirmware)));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("some port is free");
    let port = taken.local_addr().expect("it has an address").port();
    let mut bench = Bench::new();
    bench.machine.forwards.push(Forward { host: port, guest: 7443 });
    let error = bench.run("boots").expect_err("the port is taken").to_string();
    insta::assert_snapshot!(
        error.replace(&port.to_string(), "PORT"),
        @"port PORT of this host can't be forwarded: Address already in use (os error 98)"
    );
}

/// A kernel of the oldest kind: 512 bytes that nobody runs, then code for real mode. It prints `up` on the serial
/// line and halts with interrupts off, deaf to any button.
fn kernel_that_prints_up() -> Vec<u8> {
    let mut kernel = vec![0; 8192];
    let print = |byte| [0xb0, byte, 0xee]; // mov al, byte; out dx, al
    let mut code = vec![0xfa, 0xba, 0xf8, 0x03]; // cli; mov dx, 0x3f8
    code.extend(b"up\n".iter().flat_map(|byte| print(*byte)));
    code.extend([0xf4, 0xeb, 0xfd]); // hlt; again
    kernel[512..][..code.len()].copy_from_slice(&code);
    kernel
}

/// A real QEMU takes our arguments, connects its channels, brings the console and presses the power button.
#[test]
fn a_real_qemu_takes_our_arguments() {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let given = std::env::var_os("CORTEN_TOOLS_BIN").map(PathBuf::from).into_iter();
    let mut programs =
        given.chain(std::env::split_paths(&folders)).map(|folder| folder.join("qemu-system-x86_64"));
    let Some(program) = programs.find(|program| program.is_file()) else {
        assert!(std::env::var_os("CORTEN_REQUIRE_TOOLS").is_none(), "QEMU is not there");
        eprintln!("skipped: QEMU is not there");
        return;
    };
    let mut bench = Bench::new();
    bench.machine.watchdog = corten_vm::Watchdog::I6300esb;
    bench.machine.on_reset = corten_vm::OnReset::Stop;
    let Boot::Kernel { kernel, .. } = &bench.machine.boot else { panic!("the bench starts a kernel") };
    std::fs::write(kernel, kernel_that_prints_up()).expect("write");
    let image = bench.folder.path().join("with, comma.raw");
    std::fs::File::create(&image).and_then(|file| file.set_len(1 << 20)).expect("image");
    bench.machine.disks.push(Disk { path: image, format: DiskFormat::Raw, writes: Writes::Dropped });
    bench.settings.until = Until::Off;
    bench.settings.limits.total = Some(Duration::from_mins(1));
    bench.settings.limits.stop = Duration::from_millis(300);
    let emulator = Emulator::from_parts(&Command::new(program), None);
    let mut pressed = false;
    let outcome = run(&emulator, &bench.machine, &bench.settings, &bench.control, &mut |event| match event {
        RunEvent::Console(line) if line == "up" => bench.control.press_power_button(),
        RunEvent::Machine(_, QmpEvent::PowerButton) => pressed = true,
        _ => {}
    });
    let outcome = outcome.expect("QEMU starts");
    assert_eq!(outcome.end, End::NotStopped);
    assert!(pressed);
    let log = std::fs::read(&bench.settings.console_log).expect("the console is captured");
    assert!(log.ends_with(b"up\n"));
}
