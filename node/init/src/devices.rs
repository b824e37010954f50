//! The devices that the kernel has found and that may want a driver.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Aliases of all devices, each once. Devices of a bus are listed flat in `/sys/bus`, which is much quicker to read
/// than the whole tree of devices; of those without a bus only two classes have drivers that are found by alias.
pub fn aliases() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let buses =
        fs::read_dir("/sys/bus").into_iter().flatten().flatten().map(|bus| bus.path().join("devices"));
    let classes =
        ["/sys/class/input", "/sys/class/dmi"].into_iter().map(|path| Path::new(path).to_path_buf());
    for directory in buses.chain(classes) {
        collect(&directory, &mut found);
    }
    found
}

/// Aliases of the devices of some buses.
pub fn aliases_on(buses: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for bus in buses {
        collect(&Path::new("/sys/bus").join(bus).join("devices"), &mut found);
    }
    found
}

fn collect(directory: &Path, found: &mut BTreeSet<String>) {
    for device in fs::read_dir(directory).into_iter().flatten().flatten() {
        if let Ok(alias) = fs::read_to_string(device.path().join("modalias")) {
            let alias = alias.trim();
            if !alias.is_empty() {
                found.insert(alias.to_string());
            }
        }
    }
}
