//! The kernel's announcement of a device, read from the bytes of the socket.

/// The parts of an announcement that init acts on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uevent {
    /// `add`, `remove`, `change` and so on.
    pub action: String,
    /// `block`, `input`, `pci` and so on.
    pub subsystem: String,
    /// What a driver for the device is found by, if it wants one.
    pub modalias: Option<String>,
}

impl Uevent {
    /// Reads a message; `None` for what is none. Pairs that are not known are skipped.
    pub fn parse(message: &[u8]) -> Option<Self> {
        let mut parts = message.split(|byte| *byte == 0);
        // The header is action@path.
        parts.next().filter(|header| header.contains(&b'@'))?;
        let mut event = Self::default();
        for part in parts {
            let Ok(pair) = std::str::from_utf8(part) else { continue };
            match pair.split_once('=') {
                Some(("ACTION", value)) => event.action = value.into(),
                Some(("SUBSYSTEM", value)) => event.subsystem = value.into(),
                Some(("MODALIAS", value)) if !value.is_empty() => event.modalias = Some(value.into()),
                _ => {}
            }
        }
        (!event.action.is_empty()).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_new_device_names_its_subsystem_and_alias() {
        let message =
            b"add@/devices/pci0000:00/0000:00:03.0/virtio0\0ACTION=add\0DEVPATH=/x\0SUBSYSTEM=virtio\0\
                        MODALIAS=virtio:d00000002v00001AF4\0SEQNUM=1\0";
        let event = Uevent::parse(message).expect("a valid message");
        assert_eq!((event.action.as_str(), event.subsystem.as_str()), ("add", "virtio"));
        assert_eq!(event.modalias.as_deref(), Some("virtio:d00000002v00001AF4"));
    }

    #[test]
    fn what_comes_from_elsewhere_is_no_announcement() {
        assert_eq!(Uevent::parse(b"libudev\0\xfe\xed\xca\xfe"), None);
        assert_eq!(Uevent::parse(b""), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Uevent::parse(&bytes);
        }
    }
}
