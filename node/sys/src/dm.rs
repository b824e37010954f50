//! Device-mapper: creating, filling, resuming and removing a mapped device through `/dev/mapper/control`.
//!
//! Format: struct dm_ioctl and struct dm_target_spec of include/uapi/linux/dm-ioctl.h, version 4.
#![expect(unsafe_code, reason = "ioctls have no safe wrapper")]

use std::ffi::c_void;
use std::fs::File;

use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

use crate::Result;
use crate::error::{failed, io_failed};

/// Size of struct dm_ioctl, which is part of the ioctl numbers.
const HEADER: usize = 312;
/// Size of struct dm_target_spec.
const TARGET: usize = 40;
/// Place of each field in struct dm_ioctl.
const DATA_SIZE: usize = 12;
const DATA_START: usize = 16;
const TARGET_COUNT: usize = 20;
const FLAGS: usize = 28;
const DEVICE: usize = 40;
const NAME: usize = 48;
const UUID: usize = 176;
/// Bytes of a name, the last of which is zero.
const NAME_BYTES: usize = 128;

const READ_ONLY: u32 = 1;

/// A command of `/dev/mapper/control`, with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Create = 3,
    /// Suspends with a flag that is never given here, and resumes without it.
    Resume = 6,
    Load = 9,
}

/// Major and minor number of a block device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceNumber {
    /// Major number.
    pub major: u32,
    /// Minor number: `/dev/dm-<minor>` for a mapped device.
    pub minor: u32,
}

/// One target that covers the whole mapped device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Length in sectors of 512 bytes.
    pub sectors: u64,
    /// Name of the target type, `verity` for example; 15 bytes at most.
    pub kind: String,
    /// What the target type wants to know, as in `dmsetup table`.
    pub parameters: String,
}

/// The open control device.
#[derive(Debug)]
pub struct DeviceMapper {
    control: File,
}

impl DeviceMapper {
    /// Opens `/dev/mapper/control`; it exists once dm-mod is loaded.
    pub fn open() -> Result<Self> {
        let path = "/dev/mapper/control";
        let control = File::options().read(true).write(true).open(path).map_err(io_failed("open", path))?;
        Ok(Self { control })
    }

    /// Creates a mapped device without a table.
    pub fn create(&self, name: &str, uuid: &str) -> Result<DeviceNumber> {
        let answer = self.call(Command::Create, request(name, uuid, 0, None), name)?;
        Ok(unpack_device(field(&answer, DEVICE)))
    }

    /// Loads a read-only table of one target, to be used from the next [`Self::resume`] on.
    pub fn load_read_only(&self, name: &str, target: &Target) -> Result<()> {
        self.call(Command::Load, request(name, "", READ_ONLY, Some(target)), name).map(drop)
    }

    /// Puts the loaded table to use. The device node exists from then on.
    pub fn resume(&self, name: &str) -> Result<()> {
        self.call(Command::Resume, request(name, "", 0, None), name).map(drop)
    }

    fn call(&self, command: Command, mut buffer: Vec<u8>, subject: &str) -> Result<Vec<u8>> {
        let call = Call { command, buffer: &mut buffer };
        // SAFETY: the buffer holds a struct dm_ioctl whose data_size is the length of the buffer, so the kernel
        // reads and writes inside of it only.
        unsafe { ioctl(&self.control, call) }.map_err(failed(command.name(), subject))?;
        Ok(buffer)
    }
}

impl Command {
    fn name(self) -> &'static str {
        match self {
            Self::Create => "ioctl DM_DEV_CREATE",
            Self::Resume => "ioctl DM_DEV_SUSPEND",
            Self::Load => "ioctl DM_TABLE_LOAD",
        }
    }
}

struct Call<'a> {
    command: Command,
    buffer: &'a mut Vec<u8>,
}

// SAFETY: the numbers are those of dm-ioctl.h for a structure of HEADER bytes, the pointer is to a buffer that
// starts with that structure and is as long as the structure says, and the kernel may write to it.
unsafe impl Ioctl for Call<'_> {
    type Output = ();
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<[u8; HEADER]>(0xfd, self.command as u8)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        self.buffer.as_mut_ptr().cast()
    }

    unsafe fn output_from_ptr(_: IoctlOutput, _: *mut c_void) -> rustix::io::Result<()> {
        Ok(())
    }
}

/// The bytes of a request. Names that are too long are cut, and the kernel then finds no such device.
fn request(name: &str, uuid: &str, flags: u32, target: Option<&Target>) -> Vec<u8> {
    let mut bytes = vec![0u8; HEADER];
    put(&mut bytes, 0, &4u32.to_ne_bytes());
    put(&mut bytes, DATA_START, &(HEADER as u32).to_ne_bytes());
    put(&mut bytes, FLAGS, &flags.to_ne_bytes());
    put(&mut bytes, NAME, cut(name, NAME_BYTES - 1));
    put(&mut bytes, UUID, cut(uuid, NAME_BYTES));
    if let Some(target) = target {
        put(&mut bytes, TARGET_COUNT, &1u32.to_ne_bytes());
        // Target specification: start, length, status, offset of the next one, type.
        let mut spec = [0u8; TARGET];
        put(&mut spec, 8, &target.sectors.to_ne_bytes());
        put(&mut spec, 24, cut(&target.kind, 15));
        bytes.extend(spec);
        bytes.extend(target.parameters.as_bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    let length = bytes.len() as u32;
    put(&mut bytes, DATA_SIZE, &length.to_ne_bytes());
    bytes
}

fn cut(text: &str, limit: usize) -> &[u8] {
    text.as_bytes().get(..limit).unwrap_or(text.as_bytes())
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + what.len()) {
        place.copy_from_slice(what);
    }
}

fn field(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

/// The kernel's "huge" encoding of a device number: 12 bits of major between 8 and 12 of minor.
fn unpack_device(packed: u32) -> DeviceNumber {
    DeviceNumber { major: (packed >> 8) & 0xfff, minor: (packed & 0xff) | ((packed >> 12) & 0xf_ff00) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stands_behind_the_header_and_is_counted() {
        let target = Target { sectors: 8, kind: "verity".into(), parameters: "1 a b".into() };
        let bytes = request("root", "", READ_ONLY, Some(&target));
        assert_eq!(bytes.len(), HEADER + TARGET + 8);
        assert_eq!(field(&bytes, DATA_SIZE) as usize, bytes.len());
        assert_eq!(
            (field(&bytes, DATA_START), field(&bytes, TARGET_COUNT), field(&bytes, FLAGS)),
            (312, 1, 1)
        );
        assert_eq!(&bytes[NAME..NAME + 5], b"root\0");
        assert_eq!(field(&bytes, HEADER + 8), 8);
        assert_eq!(&bytes[HEADER + 24..HEADER + 31], b"verity\0");
        assert_eq!(&bytes[HEADER + TARGET..], b"1 a b\0\0\0");
    }

    #[test]
    fn the_numbers_of_the_ioctls_are_those_of_the_kernel() {
        let mut buffer = Vec::new();
        let call = Call { command: Command::Load, buffer: &mut buffer };
        // _IOWR(0xfd, 9, 312 bytes), as `strace dmsetup create` prints it.
        assert_eq!(call.opcode(), 0xc138_fd09);
    }

    #[test]
    fn names_of_any_length_keep_the_structure_whole() {
        let long = "x".repeat(500);
        let bytes = request(&long, &long, 0, None);
        assert_eq!(bytes.len(), HEADER);
        assert_eq!(bytes[NAME + NAME_BYTES - 1], 0);
    }

    #[test]
    fn device_numbers_are_unpacked_like_the_kernel_packs_them() {
        assert_eq!(unpack_device(0xfe00), DeviceNumber { major: 254, minor: 0 });
        assert_eq!(unpack_device(0x0010_fe05), DeviceNumber { major: 254, minor: 261 });
    }
}
