//! `bench containers`: starting containers of an image that is there, and what idle ones take; Corten against `ctr`
//! (with runc and with crun) and podman on Debian 13, on the same machine.
//!
//! **What is timed.** Inside the machine, by the same program with the same clock (`benches/stopwatch`): from the moment
//! before a start is asked for until the first byte that the container printed is in that program's hands. The image is
//! the same archive, and the container prints one byte with `echo` and ends. One start after another, each once nothing
//! is left of the one before; the engines of Debian take turns, and so do the boots of both machines.
//!
//! | | asked for by | first byte comes |
//! |---|---|---|
//! | Corten | `Workloads.Start` of a job on the node's local API | as a line of `Workloads.Logs`, written to the log by then |
//! | ctr | starting `ctr run --rm` | at its standard output |
//! | podman | starting `podman run --rm` | at its standard output |
//!
//! **What is made anew with each start**, on all of them: network namespace (and bridge port, address, rules, name where
//! there is a network), root, container, process; and all of it goes with the container.
//!
//! **What differs.** A workload is known to a node before it starts, and `run` also writes down what is to run: where
//! containerd's record says so already, Corten leaves it. `start-known` is that case for the others: a container that was
//! created before is started (`ctr task start`, `podman start --attach`), which writes as little. What is typed on
//! Debian is a program that has to be started first; what a person types for Corten runs elsewhere, and its way over the
//! network is not part of this. Corten sends the byte through its agent, and keeps it on the disk, which `ctr` does not.
//! Corten and podman set a seccomp profile and limits, which `ctr` does not. On a bridge Corten makes the container's
//! name known to a name server, which podman does not on its default network; `ctr` has no bridge.

mod corten;
mod figures;
mod machine;
mod table;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::boot::machine::{Bed, System};
use crate::peer::probe::Probe;
use crate::peer::{debian, mirror};
use figures::Figures;

/// Starting containers: one by one, many at once, and what idle ones take; against podman and ctr on Debian 13.
#[derive(clap::Args)]
pub struct Containers {
    /// Starts of each kind, over all boots.
    #[arg(long, default_value_t = 100)]
    starts: u32,
    /// Containers that are started at once, and that idle.
    #[arg(long, default_value_t = 50)]
    crowd: u32,
    /// Boots of each machine over which the starts are spread.
    #[arg(long, default_value_t = 2)]
    boots: u32,
    /// First boots of Corten with an image in its recipe and nothing to reach over its network; for a container without
    /// a network, and for one on a bridge.
    #[arg(long, default_value_t = 3)]
    first: u32,
    /// Where the peer and the images live.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// Without the peers: Corten alone.
    #[arg(long)]
    alone: bool,
    /// Memory of the machines, in MiB. Fifty podmans at once take some.
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    memory: u32,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    json: bool,
}

impl Containers {
    /// Runs the measurement and prints it.
    pub fn run(&self) -> Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let folder = std::fs::canonicalize(&self.folder)?;
        let own = folder.join("containers");
        let starts = self.starts.div_ceil(self.boots.max(1));
        let images = corten::build(&own)?;
        let corten = System::corten("corten", &images.disk);
        let debian = if self.alone {
            None
        } else {
            let probe = Probe::of_containers(&images.busybox, starts, self.crowd)?;
            let disk = debian::CONTAINERS.disk(&folder.join("debian-podman"), &mirror(&folder)?, &probe)?;
            Some(System::peer("debian", &disk))
        };
        let bed = Bed::open(&own.join("machines"), self.memory)?;

        let mut figures = Figures::default();
        for first in 1..=self.first {
            eprintln!("bench: first boots {first} of {}", self.first);
            for (network, what) in [("none", table::FIRST_NONE), ("default", table::FIRST_BRIDGE)] {
                let configuration = corten::first(&own, network)?;
                machine::first(&bed, &corten, (configuration, what), &mut figures).context("first boot")?;
            }
        }
        for boot in 1..=self.boots {
            eprintln!("bench: boot {boot} of {} of corten", self.boots);
            let document = corten::many(&own, starts, self.crowd)?;
            machine::measure(&bed, &corten, vec![document], &mut figures).context("corten")?;
            if let Some(debian) = &debian {
                eprintln!("bench: boot {boot} of {} of debian", self.boots);
                machine::measure(&bed, debian, Vec::new(), &mut figures).context("debian")?;
            }
        }
        figures.are_whole((starts * self.boots) as usize)?;
        let result = table::Result { machine: bed.describe(), crowd: self.crowd, figures };
        if self.json {
            println!("{:#}", result.json());
        } else {
            print!("{result}");
        }
        Ok(())
    }
}
