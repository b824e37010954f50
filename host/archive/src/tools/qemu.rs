//! What keeps QEMU from taking parts of another QEMU that the host may have.
//!
//! QEMU looks for modules in `QEMU_MODULE_DIR` first, and then in the folder that is compiled in. On a host with
//! a QEMU of another version it finds modules there that our packages do not ship, and ends with an assertion.
//! No option turns that off, so compiled-in paths are made ones that do not exist, in our copy of the program.
//! Its firmware is found by `-L`.

use bytes::Bytes;

/// Compiled-in paths start and end like this: `/usr/lib/x86_64-linux-gnu/qemu`, and `/usr/lib/ipxe/qemu`.
const START: &[u8] = b"\0/usr/lib/";
const END: &[u8] = b"/qemu\0";

/// A folder of the same length as `/usr/` that no host has.
const NOWHERE: &[u8] = b"/nil/";

/// Longest name between start and end that is taken for an architecture's.
const MAX_NAME: usize = 48;

/// The content of a program as it is laid out; only programs of QEMU are changed.
pub fn detached(path: &str, content: Bytes) -> Bytes {
    if !path.starts_with("usr/bin/qemu-") {
        return content;
    }
    let places = memchr::memmem::find_iter(&content, START).filter(|at| is_folder_of_qemu(&content[*at..]));
    let places: Vec<usize> = places.collect();
    if places.is_empty() {
        return content;
    }
    let mut changed = content.to_vec();
    for at in places {
        changed[at + 1..at + 1 + NOWHERE.len()].copy_from_slice(NOWHERE);
    }
    changed.into()
}

fn is_folder_of_qemu(text: &[u8]) -> bool {
    let rest = &text[START.len()..];
    let end = rest.iter().take(MAX_NAME).position(|byte| *byte == 0).map(|end| end + 1);
    end.is_some_and(|end| rest[..end].ends_with(END))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_qemu_are_changed_and_nothing_else() {
        let program = b"\0/usr/lib/ipxe/qemu\0/usr/lib/x86_64-linux-gnu/y\0/usr/lib/x86_64-linux-gnu/qemu\0/usr/share/qemu\0";
        let changed = detached("usr/bin/qemu-img", Bytes::from_static(program));
        assert_eq!(
            &changed[..],
            b"\0/nil/lib/ipxe/qemu\0/usr/lib/x86_64-linux-gnu/y\0/nil/lib/x86_64-linux-gnu/qemu\0/usr/share/qemu\0"
        );
        assert_eq!(detached("usr/bin/other", Bytes::from_static(program)), &program[..]);
        assert_eq!(detached("usr/bin/qemu-x", Bytes::from_static(b"\0/usr/lib/")), &b"\0/usr/lib/"[..]);
    }
}
