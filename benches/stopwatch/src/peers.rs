//! Debian: `ctr` of containerd with runc and with crun, and podman, by the commands that people type.

use std::time::{Duration, Instant};

use crate::commands::{Printed, first_byte, run, settle};
use crate::console::{self, Cell, says};
use crate::fault::Fault;
use crate::memory;
use crate::{Load, PAUSE, SETTLE, WARM_UP};

/// The image, in the folder of this program.
const IMAGE: &str = "/usr/local/lib/corten-bench/busybox.tar";
/// Its name in containerd.
const NAME: &str = "localhost/busybox:1";
/// Prints one byte.
const BYTE: [&str; 1] = ["/usr/bin/echo"];
/// Does nothing.
const NOTHING: [&str; 2] = ["/usr/bin/sleep", "1000000"];
/// How long containerd may take until it serves.
const BOOT: Duration = Duration::from_mins(5);

/// An engine: `ctr` with a runtime, or podman.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Engine {
    Ctr(&'static str),
    Podman,
}

/// Which network a container has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Network {
    None,
    Bridge,
}

const ENGINES: [Engine; 3] = [Engine::Ctr("runc"), Engine::Ctr("crun"), Engine::Podman];

/// The image as podman knows it.
struct Image(String);

fn words(text: &str, more: &[&str]) -> Vec<String> {
    text.split_whitespace().chain(more.iter().copied()).map(str::to_owned).collect()
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Ctr("runc") => "ctr+runc",
            Self::Ctr(_) => "ctr+crun",
            Self::Podman => "podman",
        }
    }

    fn cell(self, what: &'static str) -> Cell {
        Cell { system: self.name(), what }
    }

    /// A container that is removed when it ends.
    fn run(self, image: &Image, id: &str, network: Network) -> Vec<String> {
        match (self, network) {
            // It has no bridge; a namespace of its own is what it gives where nothing else is said.
            (Self::Ctr(runtime), _) => {
                words(&format!("ctr run --rm --runc-binary {runtime} {NAME} {id}"), &BYTE)
            }
            (Self::Podman, Network::None) => {
                words(&format!("podman run --rm --network none {}", image.0), &BYTE)
            }
            (Self::Podman, Network::Bridge) => words(&format!("podman run --rm {}", image.0), &BYTE),
        }
    }

    /// Makes a container that `start_known` starts again and again. `ctr` makes one that has another runtime than its
    /// first only by running it once.
    fn make_known(self, image: &Image) -> Vec<String> {
        let name = self.known();
        match self {
            Self::Ctr(runtime) => words(&format!("ctr run --runc-binary {runtime} {NAME} {name}"), &BYTE),
            Self::Podman => words(&format!("podman create --name {name} --network none {}", image.0), &BYTE),
        }
    }

    fn known(self) -> String {
        format!("known-{}", self.name().replace('+', "-"))
    }

    fn start_known(self) -> Vec<String> {
        match self {
            Self::Ctr(_) => words(&format!("ctr task start {}", self.known()), &[]),
            Self::Podman => words(&format!("podman start --attach {}", self.known()), &[]),
        }
    }

    fn run_idle(self, image: &Image, id: &str) -> Vec<String> {
        match self {
            Self::Ctr(runtime) => {
                words(&format!("ctr run --detach --runc-binary {runtime} {NAME} {id}"), &NOTHING)
            }
            Self::Podman => {
                words(&format!("podman run --detach --name {id} --network none {}", image.0), &NOTHING)
            }
        }
    }

    fn end_idle(self, id: &str) -> Result<(), Fault> {
        match self {
            Self::Ctr(_) => {
                run(&words(&format!("ctr task rm --force {id}"), &[]))?;
                run(&words(&format!("ctr container rm {id}"), &[]))?;
            }
            Self::Podman => drop(run(&words(&format!("podman rm --force --time 0 {id}"), &[]))?),
        }
        Ok(())
    }
}

/// Everything on the peers.
pub(crate) fn measure(load: Load) -> Result<(), Fault> {
    let image = &import()?;
    for engine in ENGINES {
        run(&engine.make_known(image))?;
    }
    std::thread::sleep(SETTLE);
    one_by_one(image, load)?;
    for engine in ENGINES {
        std::thread::sleep(SETTLE);
        at_once(engine, image, load)?;
    }
    for engine in ENGINES {
        std::thread::sleep(SETTLE);
        idle(engine, image, load)?;
    }
    Ok(())
}

/// Both engines take the image from its archive, once containerd serves.
fn import() -> Result<Image, Fault> {
    says("imports the image")?;
    let begun = Instant::now();
    let import = words("ctr image import --index-name", &[NAME, IMAGE]);
    while let Err(fault) = run(&import) {
        if begun.elapsed() > BOOT {
            return Err(fault);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    run(&words("podman load --quiet --input", &[IMAGE]))?;
    let listed = run(&words("podman images --quiet --no-trunc", &[]))?;
    let id = listed.lines().next().ok_or_else(|| Fault::Odd("podman has no image".into()))?;
    Ok(Image(id.to_owned()))
}

/// How a container is started.
#[derive(Clone, Copy)]
enum Way {
    Run(Engine, Network),
    Known(Engine),
}

const WAYS: [(Way, Engine, &str); 7] = [
    (Way::Run(ENGINES[0], Network::None), ENGINES[0], "start-none"),
    (Way::Run(ENGINES[1], Network::None), ENGINES[1], "start-none"),
    (Way::Run(ENGINES[2], Network::None), ENGINES[2], "start-none"),
    (Way::Run(ENGINES[2], Network::Bridge), ENGINES[2], "start-bridge"),
    (Way::Known(ENGINES[0]), ENGINES[0], "start-known"),
    (Way::Known(ENGINES[1]), ENGINES[1], "start-known"),
    (Way::Known(ENGINES[2]), ENGINES[2], "start-known"),
];

fn one_by_one(image: &Image, load: Load) -> Result<(), Fault> {
    let mut times = WAYS.map(|_| Vec::with_capacity(load.starts));
    for round in 0..WARM_UP + load.starts {
        console::says_round(round, load)?;
        for ((way, _, _), times) in WAYS.iter().zip(&mut times) {
            let command = match *way {
                Way::Run(engine, network) => engine.run(image, &format!("one-{round}"), network),
                Way::Known(engine) => engine.start_known(),
            };
            settle()?;
            std::thread::sleep(PAUSE);
            let took = first_byte(&command)?.end()?;
            if round >= WARM_UP {
                times.push(took);
            }
        }
    }
    for ((_, engine, what), times) in WAYS.iter().zip(&times) {
        console::times(engine.cell(what), times)?;
    }
    Ok(())
}

fn at_once(engine: Engine, image: &Image, load: Load) -> Result<(), Fault> {
    says(&format!("{} starts at once", engine.name()))?;
    settle()?;
    let commands: Vec<Vec<String>> =
        (0..load.crowd).map(|number| engine.run(image, &format!("crowd-{number}"), Network::None)).collect();
    let begun = Instant::now();
    let (took, printed) = std::thread::scope(|scope| {
        let starts: Vec<_> = commands.iter().map(|command| scope.spawn(|| first_byte(command))).collect();
        let printed: Vec<Result<Printed, Fault>> = starts
            .into_iter()
            .map(|start| start.join().unwrap_or_else(|_| Err(Fault::Odd("a thread panicked".into()))))
            .collect();
        (begun.elapsed(), printed)
    });
    for printed in printed {
        printed?.end()?;
    }
    console::times(engine.cell("crowd"), &[took])
}

fn idle(engine: Engine, image: &Image, load: Load) -> Result<(), Fault> {
    says(&format!("{} idle containers", engine.name()))?;
    settle()?;
    let before = memory::in_use()?;
    let ids: Vec<String> = (0..load.crowd).map(|number| format!("idle-{number}")).collect();
    for id in &ids {
        run(&engine.run_idle(image, id))?;
    }
    std::thread::sleep(SETTLE);
    let grown = memory::in_use()?.saturating_sub(before);
    for id in &ids {
        engine.end_idle(id)?;
    }
    console::figure(engine.cell("idle"), u128::from(grown) / load.crowd.max(1) as u128)
}
