//! The web server of the README: its commands as they stand there, up to the page and Ctrl-C.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use libtest_mimic::Trial;

use crate::built::succeeded;
use crate::live::{Followed, free_port};
use crate::scenario::{Place, Scenario, When};
use crate::workshop::{Workshop, end_of_log};

const README: &str = include_str!("../../../README.md");
/// Where its commands stand.
const PART: &str = "\n## Your own web server";
/// Its ports, of this machine and of the node.
const PORTS: &str = "8080:80";
const PAGE: &str = include_str!("../../../examples/web/index.html");

/// From the start of a build to the page.
const PATIENCE: Duration = Duration::from_mins(8);
/// How long a node may take to stop.
const STOP: Duration = Duration::from_mins(2);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "web_server_of_the_readme",
        when: When::Always,
        run: serve,
        cases: &[("shows_its_page", shows_its_page), ("ends_in_order_on_ctrl_c", ends_in_order)],
    }
    .add(place, trials);
}

/// What came of it.
struct Served {
    page: Result<String>,
    code: Result<i32>,
    log: PathBuf,
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "page: {:?}\nexit code: {:?}\nwhat `corten run` told:", self.page, self.code)?;
        f.write_str(&end_of_log(&self.log).unwrap_or_else(|error| error.to_string()))
    }
}

fn serve(workshop: &Workshop) -> Result<Served> {
    let folder = folder(workshop)?;
    let corten = |words: &[&str]| {
        let mut corten = workshop.corten();
        corten.current_dir(&folder).args(words);
        corten
    };
    let commands = commands()?;
    let (run, packs) = commands.split_last().context("the README has no commands")?;
    for words in packs {
        succeeded(&mut corten(words))?;
    }
    ensure!(run.contains(&PORTS), "the last command is {run:?}");
    let port = free_port()?;
    let ports = PORTS.replace("8080", &port.to_string());
    let run: Vec<&str> = run.iter().map(|word| if *word == PORTS { &ports } else { *word }).collect();
    let log = folder.join("run.log");
    let mut node = Followed::start(corten(&run).arg("--console").stderr(File::create(&log)?))?;
    let page = page(&mut node, port);
    node.interrupt()?;
    Ok(Served { page, code: node.ends(STOP), log })
}

/// A folder with what the commands read: they also write beside it.
fn folder(workshop: &Workshop) -> Result<PathBuf> {
    let folder = workshop.path("readme");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for part in ["recipes/containers", "examples/web"] {
        let copy = folder.join(part);
        fs::create_dir_all(copy.parent().context("it is within a folder")?)?;
        succeeded(Command::new("cp").arg("-r").arg(sources.join(part)).arg(copy))?;
    }
    Ok(folder)
}

/// The words behind `corten` of each command.
fn commands() -> Result<Vec<Vec<&'static str>>> {
    let (_, part) = README.split_once(PART).context("the README has no such part")?;
    let block = part.split("```").nth(1).context("the part has no commands")?;
    let commands = block.lines().filter_map(|line| line.strip_prefix("corten "));
    Ok(commands.map(|line| line.split(" #").next().unwrap_or(line).split_whitespace().collect()).collect())
}

/// The answer to a browser, once there is one.
fn page(node: &mut Followed, port: u16) -> Result<String> {
    let end = Instant::now() + PATIENCE;
    loop {
        node.is_there()?;
        match ask(port) {
            // The emulator takes connections before anybody in the machine does.
            Ok(answer) if !answer.is_empty() => return Ok(answer),
            answer if Instant::now() >= end => return answer.context("not in time"),
            _ => std::thread::sleep(PAUSE),
        }
    }
}

fn ask(port: u16) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn shows_its_page(_: &Workshop, served: &Served) -> Result<()> {
    let page = served.page.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    ensure!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with(PAGE), "{page}");
    ensure!(page.contains("\nServer: nginx"), "somebody else answers: {page}");
    Ok(())
}

fn ends_in_order(_: &Workshop, served: &Served) -> Result<()> {
    let code = served.code.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    ensure!(*code == 0, "it ended with {code}");
    Ok(())
}
