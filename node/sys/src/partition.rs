//! Telling the kernel about partitions of a disk that is in use, where it can't read the table again by itself.
//!
//! Format: struct blkpg_ioctl_arg and struct blkpg_partition of include/uapi/linux/blkpg.h.
#![expect(unsafe_code, reason = "ioctls have no safe wrapper")]

use std::ffi::{c_int, c_longlong, c_void};
use std::fs::File;
use std::ops::Range;

use rustix::ioctl::{Opcode, Setter, ioctl};

use crate::Result;
use crate::error::failed;

/// _IO(0x12, 105).
const BLKPG: Opcode = 0x1269;
const ADD: c_int = 1;
const RESIZE: c_int = 3;

#[repr(C)]
struct Partition {
    start: c_longlong,
    length: c_longlong,
    number: c_int,
    device_name: [u8; 64],
    volume_name: [u8; 64],
}

#[repr(C)]
struct Argument {
    operation: c_int,
    flags: c_int,
    data_length: c_int,
    data: *mut c_void,
}

/// Makes a partition known: its number and where it lies, in bytes. Its device exists from then on.
pub fn add(disk: &File, number: u32, bytes: &Range<u64>) -> Result<()> {
    call(disk, ADD, number, bytes).map_err(failed("ioctl BLKPG_ADD_PARTITION", number.to_string()))
}

/// Tells of a partition that is known that it ends elsewhere.
pub fn resize(disk: &File, number: u32, bytes: &Range<u64>) -> Result<()> {
    call(disk, RESIZE, number, bytes).map_err(failed("ioctl BLKPG_RESIZE_PARTITION", number.to_string()))
}

fn call(disk: &File, operation: c_int, number: u32, bytes: &Range<u64>) -> rustix::io::Result<()> {
    let mut partition = Partition {
        start: bytes.start as c_longlong,
        length: bytes.end.saturating_sub(bytes.start) as c_longlong,
        number: number as c_int,
        device_name: [0; 64],
        volume_name: [0; 64],
    };
    let argument = Argument {
        operation,
        flags: 0,
        data_length: size_of::<Partition>() as c_int,
        data: (&raw mut partition).cast(),
    };
    // SAFETY: BLKPG reads one struct blkpg_ioctl_arg, whose pointer is to a struct blkpg_partition that outlives the
    // call; both have the layout of the kernel's header. The kernel keeps neither.
    unsafe { ioctl(disk, Setter::<BLKPG, Argument>::new(argument)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn structures_are_those_of_the_kernel() {
        assert_eq!((size_of::<Partition>(), size_of::<Argument>()), (152, 24));
        assert_eq!((offset_of!(Partition, number), offset_of!(Partition, volume_name)), (16, 84));
        assert_eq!(offset_of!(Argument, data), 16);
    }

    #[test]
    fn what_is_no_disk_is_refused() {
        let file = File::open("/dev/null").expect("it is there");
        let error = add(&file, 4, &(0..512)).expect_err("no disk");
        assert!(error.to_string().starts_with("ioctl BLKPG_ADD_PARTITION 4: "), "{error}");
    }
}
