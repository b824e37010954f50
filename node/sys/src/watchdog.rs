//! The watchdog: a timer of the machine that restarts it when nobody feeds it.
//!
//! Format: include/uapi/linux/watchdog.h and Documentation/watchdog/watchdog-api.rst of Linux.
#![expect(
    unsafe_code,
    reason = "ioctls have no safe wrapper, and a descriptor from before exec is a bare number"
)]

use std::fs::{self, File};
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::ioctl::{Getter, Opcode, Updater, ioctl, opcode};

use crate::Result;
use crate::error::{failed, io_failed};

/// struct watchdog_info: options, version of the firmware, name.
const INFO: usize = 40;
const IDENTITY: usize = 8;

const GET_SUPPORT: Opcode = opcode::read::<[u8; INFO]>(b'W', 0);
const SET_TIMEOUT: Opcode = opcode::read_write::<i32>(b'W', 6);
const GET_TIMEOUT: Opcode = opcode::read::<i32>(b'W', 7);

/// Names of watchdog devices begin so.
const DEVICE: &str = "/dev/watchdog";

/// An armed watchdog. Dropping it does not disarm it: the machine restarts when the time is over.
#[derive(Debug)]
pub struct Watchdog {
    device: OwnedFd,
}

impl Watchdog {
    /// Opens a device, which arms it with the timeout that its driver has by default.
    pub fn open(path: &str) -> Result<Self> {
        let device = File::options().write(true).open(path).map_err(io_failed("open", path))?;
        Ok(Self { device: device.into() })
    }

    /// The watchdog that this process opened before it became this program, if there is one: it can't be opened a
    /// second time. To be called once.
    pub fn inherited() -> Option<Self> {
        let descriptors = fs::read_dir("/proc/self/fd").ok()?.flatten();
        let mut of_watchdogs = descriptors.filter_map(|entry| {
            let number: RawFd = entry.file_name().to_str()?.parse().ok()?;
            let target = fs::read_link(entry.path()).ok()?;
            target.to_str()?.starts_with(DEVICE).then_some(number)
        });
        let number = of_watchdogs.next()?;
        // SAFETY: the descriptor is open, as its entry says, and it comes from before exec, so nothing in this
        // program owns it.
        let device = unsafe { OwnedFd::from_raw_fd(number) };
        // Children must not hold it: they could not feed it, but they could arm it again after all was stopped.
        let _ = fcntl_setfd(&device, FdFlags::CLOEXEC);
        Some(Self { device })
    }

    /// Keeps the device open when this process becomes another program; [`Self::inherited`] finds it there.
    pub fn keep_over_exec(&self) -> Result<()> {
        fcntl_setfd(&self.device, FdFlags::empty()).map_err(failed("fcntl", DEVICE))
    }

    /// Sets the time after which the machine restarts, in seconds, and returns what the driver made of it.
    pub fn set_timeout(&self, seconds: i32) -> Result<i32> {
        let mut value = seconds;
        // SAFETY: WDIOC_SETTIMEOUT reads and writes one int, which `value` is.
        unsafe { ioctl(&self.device, Updater::<'_, SET_TIMEOUT, i32>::new(&mut value)) }
            .map_err(failed("ioctl WDIOC_SETTIMEOUT", DEVICE))?;
        Ok(value)
    }

    /// The time after which the machine restarts, in seconds.
    pub fn timeout(&self) -> Result<i32> {
        // SAFETY: WDIOC_GETTIMEOUT writes one int.
        unsafe { ioctl(&self.device, Getter::<GET_TIMEOUT, i32>::new()) }
            .map_err(failed("ioctl WDIOC_GETTIMEOUT", DEVICE))
    }

    /// What the driver calls the hardware.
    pub fn identity(&self) -> Result<String> {
        // SAFETY: WDIOC_GETSUPPORT writes one struct watchdog_info, which has this size and no padding.
        let info = unsafe { ioctl(&self.device, Getter::<GET_SUPPORT, [u8; INFO]>::new()) }
            .map_err(failed("ioctl WDIOC_GETSUPPORT", DEVICE))?;
        let name = info.get(IDENTITY..).unwrap_or_default();
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(String::from_utf8_lossy(name).trim().to_string())
    }

    /// Starts the time anew. By a byte and not by WDIOC_KEEPALIVE, which some drivers refuse; any byte but `V`,
    /// which would let the device be disarmed.
    pub fn feed(&self) -> Result<()> {
        rustix::io::write(&self.device, b"\0").map(drop).map_err(failed("write", DEVICE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_ioctls_are_those_of_the_kernel() {
        // As strace prints them for wdctl(8).
        assert_eq!((GET_SUPPORT, SET_TIMEOUT, GET_TIMEOUT), (0x8028_5700, 0xc004_5706, 0x8004_5707));
    }

    #[test]
    fn a_process_without_a_watchdog_inherits_none() {
        assert!(Watchdog::inherited().is_none());
    }
}
