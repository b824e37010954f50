//! Input and output of processes: pipes that containerd's client has made, given to the process itself, so that nothing
//! is copied on the way.
//!
//! The shim holds an end of each open. A client that goes and comes back, as one that is updated, finds the pipe as it
//! was; and a process that writes meanwhile waits when the pipe is full, in place of being ended by a broken one.

use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

use crate::wire::{Code, Fault};

/// Where input and output lead, as containerd names it: the path of a pipe, the address of a file, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Input.
    pub input: String,
    /// Output; with a terminal all of it.
    pub output: String,
    /// Errors.
    pub errors: String,
    /// Whether there is a terminal.
    pub terminal: bool,
}

/// Ends that a process is given.
#[derive(Debug, Default)]
pub struct Ends {
    /// Input.
    pub input: Option<OwnedFd>,
    /// Output.
    pub output: Option<OwnedFd>,
    /// Errors.
    pub errors: Option<OwnedFd>,
}

/// Ends that keep pipes open for as long as the process runs.
#[derive(Debug, Default)]
pub struct Held {
    /// Of the input. While it is there, the input does not end.
    pub input: Option<OwnedFd>,
    /// Of output and errors.
    _output: [Option<OwnedFd>; 2],
}

impl Held {
    /// That of output alone.
    pub fn of_output(output: Option<OwnedFd>) -> Self {
        Self { input: None, _output: [output, None] }
    }
}

/// Opens pipes for a process without a terminal.
///
/// # Errors
/// If one can't be opened, or is no pipe and no file.
pub fn open(places: &Places) -> Result<(Ends, Held), Fault> {
    let (input, input_held) = pipe(&places.input, OFlags::RDONLY)?;
    let (output, output_held) = output(&places.output)?;
    let (errors, errors_held) = self::output(&places.errors)?;
    let held = Held { input: input_held, _output: [output_held, errors_held] };
    Ok((Ends { input, output, errors }, held))
}

type Pair = (Option<OwnedFd>, Option<OwnedFd>);

fn output(place: &str) -> Result<Pair, Fault> {
    let Some((kind, path)) = place.split_once("://") else { return pipe(place, OFlags::WRONLY) };
    if kind != "file" {
        let message = format!("{place}: output goes into a pipe, or a file as in file:///path");
        return Err(Fault::new(Code::Unimplemented, message));
    }
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    Ok((Some(file.map_err(Fault::at(Path::new(path)))?.into()), None))
}

/// One end of a pipe as it is given to a process, and one that keeps it open.
fn pipe(place: &str, flags: OFlags) -> Result<Pair, Fault> {
    if place.is_empty() {
        return Ok((None, None));
    }
    let held = hold(Path::new(place))?;
    // The flags of an end are shared with whoever is given it, and a program does not expect one that does not wait.
    // Opening this one waits for nobody, since the other end is open.
    Ok((Some(end(Path::new(place), flags)?.into()), Some(held)))
}

/// Opens both ends of a pipe.
///
/// # Errors
/// If there is none at this path.
pub fn hold(path: &Path) -> Result<OwnedFd, Fault> {
    let wrong = |why: String| Fault::new(Code::InvalidArgument, format!("{}: {why}", path.display()));
    let file =
        options(OFlags::RDWR | OFlags::NONBLOCK).open(path).map_err(|error| wrong(error.to_string()))?;
    if !file.metadata().is_ok_and(|data| data.file_type().is_fifo()) {
        return Err(wrong("no pipe".into()));
    }
    Ok(file.into())
}

/// Opens an end of a pipe of which another end is open.
///
/// # Errors
/// If the kernel refuses.
pub fn end(path: &Path, flags: OFlags) -> Result<File, Fault> {
    options(flags).open(path).map_err(Fault::at(path))
}

fn options(flags: OFlags) -> OpenOptions {
    let mut options = OpenOptions::new();
    let access = flags & OFlags::ACCMODE;
    options.read(access != OFlags::WRONLY).write(access != OFlags::RDONLY);
    options.custom_flags((flags - OFlags::ACCMODE).bits().cast_signed());
    options
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use rustix::fs::{CWD, Mode, fcntl_getfl, mkfifoat};

    use super::*;

    fn places(folder: &Path) -> Places {
        let of = |name: &str| {
            let path = folder.join(name);
            mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).expect("a pipe");
            path.display().to_string()
        };
        Places { input: of("in"), output: of("out"), errors: of("err"), terminal: false }
    }

    #[test]
    fn a_pipe_stays_open_until_it_is_let_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = places(folder.path());
        let (ends, held) = open(&places).expect("they open");
        assert!(
            !fcntl_getfl(ends.output.as_ref().expect("it is there"))
                .expect("open")
                .contains(OFlags::NONBLOCK)
        );
        File::from(ends.output.expect("it is there")).write_all(b"words").expect("nobody has to read yet");
        let mut reader = end(Path::new(&places.output), OFlags::RDONLY).expect("it opens");
        drop(held);
        let mut words = String::new();
        reader.read_to_string(&mut words).expect("it ends");
        assert_eq!(words, "words");
    }

    #[test]
    fn input_ends_when_it_is_let_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = places(folder.path());
        let (ends, mut held) = open(&places).expect("they open");
        end(Path::new(&places.input), OFlags::WRONLY)
            .expect("it opens")
            .write_all(b"typed")
            .expect("it takes it");
        let mut input = File::from(ends.input.expect("it is there"));
        let mut typed = [0; 5];
        input.read_exact(&mut typed).expect("it came");
        held.input = None;
        assert_eq!((&typed, input.read(&mut [0]).expect("it ends")), (b"typed", 0));
    }

    #[test]
    fn output_may_go_into_a_file_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let of = |output: String| open(&Places { output, ..Places::default() });
        for words in ["one\n", "two\n"] {
            let (ends, _) = of(format!("file://{}", path.display())).expect("it opens");
            File::from(ends.output.expect("it is there")).write_all(words.as_bytes()).expect("writable");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "one\ntwo\n");
        assert_eq!(of("binary:///bin/x".into()).expect_err("unknown").code, Code::Unimplemented);
        assert_eq!(of(path.display().to_string()).expect_err("no pipe").code, Code::InvalidArgument);
        assert!(open(&Places::default()).expect("nothing").0.output.is_none());
    }
}
