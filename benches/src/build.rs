//! `bench build`: the same kind of image built by Corten and by mkosi, runs interleaved.
//!
//! Full: nothing but packages and indexes cached for either. After a change: one small file of the image differs,
//! everything that either tool caches is there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::content::{Content, content};
use crate::peer::mirror;
use crate::peer::mkosi::Mkosi;
use crate::statistics::Runs;

/// One of the counts of an image.
type Pick = fn(&Content) -> u64;

/// Building an image: full from cached packages, and after one changed file; against mkosi.
#[derive(clap::Args)]
pub struct Build {
    /// Runs of each; medians are printed.
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Where the peer and the images live.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// Without the peer: Corten alone.
    #[arg(long)]
    alone: bool,
}

impl Build {
    /// Runs the measurement and prints it.
    pub fn run(&self) -> Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let folder = std::fs::canonicalize(&self.folder)?;
        let corten = Corten::set_up(&folder.join("corten"))?;
        let mkosi = if self.alone { None } else { Some(peer(&folder)?) };

        let (mut ours, mut theirs) = (Runs::default(), Runs::default());
        for run in 1..=self.runs {
            eprintln!(
                "bench: full build {run} of {}; so far {:.1} s and {:.1} s",
                self.runs,
                ours.median(),
                theirs.median()
            );
            ours.push(corten.full()?);
            if let Some(mkosi) = &mkosi {
                theirs.push(mkosi.full()?);
            }
        }
        let (our_content, their_content) =
            (content(&corten.disk()?)?, mkosi.as_ref().map(|peer| content(&peer.disk())).transpose()?);

        corten.incremental("0")?;
        if let Some(mkosi) = &mkosi {
            mkosi.prepare_incremental()?;
        }
        let (mut our_change, mut their_change) = (Runs::default(), Runs::default());
        for run in 1..=self.runs {
            eprintln!("bench: build after a change {run} of {}", self.runs);
            our_change.push(corten.incremental(&run.to_string())?);
            if let Some(mkosi) = &mkosi {
                their_change.push(mkosi.incremental(&run.to_string())?);
            }
        }

        println!("full build, packages and indexes cached");
        row(&ours, &theirs, mkosi.is_some());
        println!("build after one changed file");
        row(&our_change, &their_change, mkosi.is_some());
        println!("image                       corten        mkosi");
        let value = |pick: Pick| {
            (
                pick(&our_content),
                their_content.as_ref().map_or("-".into(), |content| pick(content).to_string()),
            )
        };
        let rows: [(&str, Pick); 6] = [
            ("root image, bytes", |content| content.root),
            ("disk, zstd -3, bytes", |content| content.compressed),
            ("files", |content| content.files as u64),
            ("programs", |content| content.programs as u64),
            ("kernel modules", |content| content.modules as u64),
            ("setuid or setgid files", |content| content.setuid as u64),
        ];
        for (name, pick) in rows {
            let (our, their) = value(pick);
            println!("  {name:22} {our:12} {their:>12}");
        }
        Ok(())
    }
}

/// mkosi with the addresses of the archive that this host uses.
fn peer(folder: &Path) -> Result<Mkosi> {
    let mirror = mirror(folder)?;
    Mkosi::set_up(&folder.join("mkosi"), &mirror.main, &mirror.security)
}

fn row(ours: &Runs, theirs: &Runs, peer: bool) {
    println!("  corten  {ours}");
    if peer {
        println!("  mkosi   {theirs}");
        println!("  ratio   {:7.1}", theirs.median() / ours.median());
    }
}

/// Corten, with a recipe that has one small file to change.
struct Corten {
    program: PathBuf,
    folder: PathBuf,
}

impl Corten {
    fn set_up(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let program =
            std::env::var_os("CORTEN_BIN").context("CORTEN_BIN: run this as `cargo xtask bench build`")?;
        let recipe = "name = \"bench\"\nversion = \"1\"\nextends = \"container-host\"\n\
                      [files.\"/etc/changed\"]\nsource = \"changed\"\n";
        std::fs::write(folder.join("bench.toml"), recipe)?;
        let corten = Self { program: program.into(), folder: folder.into() };
        eprintln!("bench: first build, which fetches the packages");
        corten.incremental("first")?;
        Ok(corten)
    }

    fn full(&self) -> Result<Duration> {
        self.build(&["--fresh"])
    }

    fn incremental(&self, content: &str) -> Result<Duration> {
        std::fs::write(self.folder.join("changed"), content)?;
        self.build(&[])
    }

    fn disk(&self) -> Result<PathBuf> {
        let entries = std::fs::read_dir(self.folder.join("out"))?.collect::<std::io::Result<Vec<_>>>()?;
        let raw = entries
            .into_iter()
            .map(|entry| entry.path())
            .find(|path| path.extension() == Some("raw".as_ref()));
        raw.context("the build left no raw image")
    }

    fn build(&self, arguments: &[&str]) -> Result<Duration> {
        let started = Instant::now();
        let mut command = Command::new(&self.program);
        command.arg("build").arg(self.folder.join("bench.toml")).arg("-o").arg(self.folder.join("out"));
        let output = command.args(arguments).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            bail!("corten build: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(started.elapsed())
    }
}
