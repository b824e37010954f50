//! `bench boot`: kernel start to containerd serving, power-on to the same, memory and processes; Corten against
//! Debian 13 and against mkosi's image of it, on the same machine, boots interleaved.
//!
//! A run starts with a fresh copy of each disk: its first boot, then later ones on the kept disk.

mod figures;
pub mod machine;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::peer::mkosi::Mkosi;
use crate::peer::probe::Probe;
use crate::peer::{debian, mirror};
use figures::{Figures, Turn};
use machine::{Bed, System};

/// Name of Corten and of Debian in the table.
const CORTEN: &str = "corten";
const DEBIAN: &str = "debian";

/// Booting until containerd serves: first boot and later ones; against Debian 13 and mkosi's image of it.
#[derive(clap::Args)]
pub struct Boot {
    /// Runs, each a first boot and later ones on the same disk; medians are printed.
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Later boots of each run.
    #[arg(long, default_value_t = 2)]
    later: u32,
    /// Where the peers and the images live.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// Peers to measure beside Corten.
    #[arg(long, value_delimiter = ',', default_value = "debian,mkosi")]
    peers: Vec<Peer>,
    /// Without the peers: Corten alone.
    #[arg(long)]
    alone: bool,
    /// One more image of Corten to measure, to compare two of them.
    #[arg(long, value_name = "NAME=IMAGE")]
    image: Vec<String>,
    /// Memory of the machines, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    memory: u32,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Peer {
    Debian,
    Mkosi,
}

impl Boot {
    /// Runs the measurement and prints it.
    pub fn run(&self) -> Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let folder = std::fs::canonicalize(&self.folder)?;
        let systems = self.systems(&folder)?;
        let bed = Bed::open(&folder.join("boot"), self.memory)?;

        let mut figures: Vec<Figures> = systems.iter().map(|system| Figures::new(&system.name)).collect();
        for run in 1..=self.runs {
            for system in &systems {
                bed.renew(system)?;
            }
            for turn in (0..=self.later).map(Turn::nth) {
                for (system, figures) in systems.iter().zip(&mut figures) {
                    eprintln!("bench: run {run} of {}, {turn} of {}", self.runs, system.name);
                    let boot = bed.boot(system).with_context(|| format!("{turn} of {}", system.name))?;
                    eprintln!("bench:   {boot}");
                    figures.push(turn, &boot);
                }
            }
        }
        let result = table::Result { machine: bed.describe(), runs: self.runs, later: self.later, figures };
        if self.json {
            println!("{:#}", result.json());
        } else {
            print!("{result}");
        }
        Ok(())
    }

    /// Corten first, then other images of it, then the peers.
    fn systems(&self, folder: &Path) -> Result<Vec<System>> {
        let mut systems = vec![System::corten(CORTEN, &corten(&folder.join("boot-image"))?)];
        for image in &self.image {
            let (name, path) = image.split_once('=').context("--image: expected NAME=IMAGE")?;
            systems.push(System::corten(name, Path::new(path)));
        }
        if self.alone {
            return Ok(systems);
        }
        let probe = Probe::of_boots()?;
        let mirror = mirror(folder)?;
        for peer in &self.peers {
            systems.push(match peer {
                Peer::Debian => {
                    System::peer(DEBIAN, &debian::BOOT.disk(&folder.join("debian"), &mirror, &probe)?)
                }
                Peer::Mkosi => {
                    let mkosi = Mkosi::set_up(&folder.join("mkosi"), &mirror.main, &mirror.security)?;
                    System::peer("mkosi", &mkosi.disk_with_probe(&probe)?)
                }
            });
        }
        Ok(systems)
    }
}

/// The image of the built-in recipe.
fn corten(folder: &Path) -> Result<PathBuf> {
    let program =
        std::env::var_os("CORTEN_BIN").context("CORTEN_BIN: run this as `cargo xtask bench boot`")?;
    let output = Command::new(program)
        .args(["build", "container-host", "--format", "raw", "--json", "-o"])
        .arg(folder)
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        bail!("corten build: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    let built: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("reading corten's answer")?;
    let raw =
        built["artifacts"].as_array().into_iter().flatten().find(|artifact| artifact["format"] == "raw");
    let path = raw.and_then(|artifact| artifact["path"].as_str()).context("the build made no raw image")?;
    Ok(path.into())
}
