//! Running a program to its end, with limits on how long it takes and on how much it says.

use std::io::{Read, Write as _};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

use super::error::NetworkError;

/// How long a program may take. netavark takes a tenth of a second, on a machine that is busy ten times that.
pub(super) const LONGEST: Duration = Duration::from_secs(30);
/// Bytes that it may say on each of its two outputs; what says more is stopped.
const LOUDEST: usize = 256 << 10;
/// Bytes that are read at a time.
const PIECE: usize = 8 << 10;
/// Time between two looks at a program that closed its outputs and has not ended.
const PAUSE: Duration = Duration::from_millis(1);

/// How a program ended and what it said.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// Runs a program to its end, in a process group of its own, which is killed as a whole if that takes too long.
pub(super) fn run(command: &mut Command) -> Result<Output, NetworkError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |error| NetworkError::Program { program: program.clone(), error };
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn().map_err(failed)?;
    let deadline = Instant::now() + LONGEST;
    let listened = listen(&mut child, deadline);
    let status = listened.as_ref().ok().map_or(Ok(None), |_| wait(&mut child, deadline));
    match (listened, status) {
        (Ok([stdout, stderr]), Ok(Some(status))) => Ok(Output { status, stdout, stderr }),
        (listened, status) => {
            let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
            let _ = child.wait();
            let error = listened.err().or_else(|| status.err());
            let slow = NetworkError::Slow { program: program.clone(), seconds: LONGEST.as_secs() };
            Err(error.filter(|error| error.kind() != std::io::ErrorKind::TimedOut).map_or(slow, failed))
        }
    }
}

/// The same for a program that reads a text. It has to be one that fits into a pipe (64 KiB), since nothing is read from
/// the program before all is written.
pub(super) fn feed(program: &Path, arguments: &[&str], text: &str) -> Result<Output, NetworkError> {
    let failed = |error| NetworkError::Program { program: program.display().to_string(), error };
    let (reader, mut writer) = std::io::pipe().map_err(failed)?;
    writer.write_all(text.as_bytes()).map_err(failed)?;
    drop(writer);
    run(Command::new(program).args(arguments).env_clear().stdin(Stdio::from(reader)))
}

/// Reads both outputs until their ends.
fn listen(child: &mut Child, deadline: Instant) -> std::io::Result<[Vec<u8>; 2]> {
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let mut said = [Vec::new(), Vec::new()];
    loop {
        let fds: Vec<_> = out.iter().map(AsFd::as_fd).chain(err.iter().map(AsFd::as_fd)).collect();
        if fds.is_empty() {
            return Ok(said);
        }
        let mut polled: Vec<PollFd<'_>> =
            fds.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut polled, Some(&left)) {
            Ok(0) => return Err(std::io::ErrorKind::TimedOut.into()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut is_ready = polled.iter().map(|one| !one.revents().is_empty()).collect::<Vec<_>>().into_iter();
        let [out_said, err_said] = &mut said;
        if out.is_some() && is_ready.next() == Some(true) && !more(&mut out, out_said)? {
            out = None;
        }
        if err.is_some() && is_ready.next() == Some(true) && !more(&mut err, err_said)? {
            err = None;
        }
    }
}

/// Reads what is there. False at the end.
fn more(from: &mut Option<impl Read>, said: &mut Vec<u8>) -> std::io::Result<bool> {
    let mut piece = [0; PIECE];
    let length = from.as_mut().map_or(Ok(0), |from| from.read(&mut piece))?;
    said.extend(piece.iter().take(length));
    if said.len() > LOUDEST {
        return Err(std::io::Error::other(format!("it says more than {LOUDEST} bytes")));
    }
    Ok(length > 0)
}

/// Waits for its end. `None` if that takes too long.
fn wait(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Output, NetworkError> {
        run(Command::new("/bin/sh").args(["-c", script]).stdin(Stdio::null()))
    }

    #[test]
    fn both_outputs_and_the_end_are_told() {
        let output = shell("echo one; echo two >&2; exit 3").expect("it runs");
        assert_eq!((output.stdout, output.stderr), (b"one\n".to_vec(), b"two\n".to_vec()));
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn what_says_too_much_is_stopped() {
        let begin = Instant::now();
        let error =
            shell("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done").expect_err("too much");
        assert!(error.to_string().contains("says more than"), "{error}");
        assert!(begin.elapsed() < LONGEST);
    }

    #[test]
    fn what_is_no_program_is_said() {
        let error = run(&mut Command::new("/nowhere/netavark")).expect_err("there is none").to_string();
        assert!(error.starts_with("/nowhere/netavark: "), "{error}");
    }
}
