//! The machine as a whole: release of its kernel, its name, power.

use rustix::system::RebootCommand;

use crate::Result;
use crate::error::failed;

/// How the machine goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// Power off; halts where power can't be switched.
    PowerOff,
    /// Start again through the firmware.
    Restart,
}

/// Release of the running kernel, as in the name of its module directory.
pub fn kernel_release() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}

/// Fills a buffer with random bytes, and waits for the kernel's generator to be seeded if it is not yet.
pub fn random(buffer: &mut [u8]) -> Result<()> {
    let mut rest = buffer;
    while !rest.is_empty() {
        let got = rustix::rand::getrandom(&mut *rest, rustix::rand::GetRandomFlags::empty())
            .map_err(failed("getrandom", "the kernel's generator"))?;
        rest = rest.get_mut(got..).unwrap_or_default();
    }
    Ok(())
}

/// Sets the host name.
pub fn set_hostname(name: &str) -> Result<()> {
    rustix::system::sethostname(name.as_bytes()).map_err(failed("sethostname", name))
}

/// Lets Ctrl-Alt-Del send SIGINT to PID 1 instead of restarting at once.
pub fn ctrl_alt_del_to_init() -> Result<()> {
    rustix::system::reboot(RebootCommand::CadOff).map_err(failed("reboot", "CAD_OFF"))
}

/// Ends this run of the kernel. Returns only on failure. Nothing is synced or unmounted here.
pub fn go_down(how: Down) -> Result<()> {
    let command = match how {
        Down::PowerOff => RebootCommand::PowerOff,
        Down::Restart => RebootCommand::Restart,
    };
    rustix::system::reboot(command).map_err(failed("reboot", format!("{how:?}")))
}
