//! The power button, as an input device with the key KEY_POWER.
//!
//! Format: struct input_event of linux/input.h on 64-bit machines: 16 bytes of time, then type, code, value.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd};

const EVENT: usize = 24;
const EV_KEY: u16 = 1;
const KEY_POWER: u16 = 116;
const PRESSED: u32 = 1;

/// All open devices with a power key, by name.
#[derive(Debug, Default)]
pub struct Buttons {
    open: BTreeMap<String, File>,
}

impl Buttons {
    /// Opens devices that are new, and forgets those that are gone.
    pub fn scan(&mut self) {
        self.open.retain(|name, _| fs::exists(format!("/dev/input/{name}")).unwrap_or(false));
        for entry in fs::read_dir("/sys/class/input").into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !name.starts_with("event") || self.open.contains_key(&name) {
                continue;
            }
            let keys = fs::read_to_string(entry.path().join("device/capabilities/key")).unwrap_or_default();
            if has_key(&keys, KEY_POWER)
                && let Ok(device) = File::open(format!("/dev/input/{name}"))
            {
                self.open.insert(name, device);
            }
        }
    }

    /// What to wait on, in the order by which [`Self::pressed`] counts.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.open.values().map(|device| device.as_fd())
    }

    /// Reads the devices that have something to say: whether one of them was pressed.
    pub fn pressed(&mut self, readable: &[usize]) -> bool {
        let mut pressed = false;
        let mut gone = Vec::new();
        let open = self.open.iter_mut().enumerate();
        for (_, (name, device)) in open.filter(|(at, _)| readable.contains(at)) {
            let mut buffer = [0; EVENT * 16];
            match device.read(&mut buffer) {
                Ok(length) => pressed |= is_press(buffer.get(..length).unwrap_or_default()),
                Err(_) => gone.push(name.clone()),
            }
        }
        self.open.retain(|name, _| !gone.contains(name));
        pressed
    }
}

fn is_press(events: &[u8]) -> bool {
    let (events, _) = events.as_chunks::<EVENT>();
    events.iter().any(|event| match event {
        [.., t0, t1, c0, c1, v0, v1, v2, v3] => {
            u16::from_ne_bytes([*t0, *t1]) == EV_KEY
                && u16::from_ne_bytes([*c0, *c1]) == KEY_POWER
                && u32::from_ne_bytes([*v0, *v1, *v2, *v3]) == PRESSED
        }
    })
}

/// Looks a key up in a bitmap of sysfs: hexadecimal words of 64 bits, the last one holding the first keys.
fn has_key(bitmap: &str, key: u16) -> bool {
    let word = bitmap.split_whitespace().rev().nth(usize::from(key / 64));
    let bits = word.and_then(|word| u64::from_str_radix(word, 16).ok());
    bits.is_some_and(|bits| bits >> (key % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_power_key_is_found_in_the_bitmap() {
        // A power button, a keyboard that has the key too, and a mouse.
        assert!(has_key("10000000000000 0\n", KEY_POWER));
        assert!(has_key("402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe\n", KEY_POWER));
        assert!(!has_key("1f0000 0 0 0 0\n", KEY_POWER));
        assert!(!has_key("", KEY_POWER));
    }

    #[test]
    fn only_a_press_of_the_power_key_counts() {
        let event = |kind: u16, code: u16, value: u32| {
            let mut bytes = vec![0; 16];
            bytes.extend(kind.to_ne_bytes());
            bytes.extend(code.to_ne_bytes());
            bytes.extend(value.to_ne_bytes());
            bytes
        };
        let press = [event(0, 0, 0), event(EV_KEY, KEY_POWER, 1)].concat();
        assert!(is_press(&press));
        assert!(!is_press(&event(EV_KEY, KEY_POWER, 0)));
        assert!(!is_press(&event(EV_KEY, 30, 1)));
        assert!(!is_press(&press[..40]));
    }
}
