//! The initrd and the boot image.

use bytes::Bytes;
use corten_formats::cpio;
use corten_formats::tree::Kind;
use corten_formats::uki;
use corten_formats::verity::RootHash;
use corten_recipe::Plan;

use crate::assembly::{Assembly, Origin};
use crate::cache::{Cache, key};
use crate::error::Error;
use crate::hex::hex;
use crate::select::Selection;

/// zstd's level for the initrd: higher ones save a few kilobytes and take longer than the rest of the boot image.
const LEVEL: i32 = 9;

/// The initrd: init, the modules that boot needs and their firmware, nothing else.
pub fn initrd(selection: &Selection, init: &'static [u8], cache: &Cache) -> Result<Bytes, Error> {
    let fail = Error::part("initrd");
    let mut assembly = Assembly::new(0);
    for (path, mode) in
        [("/dev", 0o755), ("/proc", 0o555), ("/sys", 0o555), ("/run", 0o755), ("/sysroot", 0o755)]
    {
        assembly.directory(path, mode, Origin::Corten)?;
    }
    // The kernel opens it before init is there to mount anything.
    let console = assembly.node(0o600, Kind::CharDevice(5, 1));
    assembly.place("/dev/console", console, Origin::Corten)?;
    // The kernel looks for firmware in /lib.
    assembly.top_level_link("lib", "usr/lib", Origin::Corten)?;
    assembly.file("/init", Bytes::from_static(init), 0o755, Origin::Corten)?;
    assembly.file("/etc/initrd-release", Bytes::from_static(b"ID=corten\n"), 0o644, Origin::Corten)?;
    for (path, content) in &selection.kernel.boot_modules {
        assembly.file(path, content.clone(), 0o644, Origin::Corten)?;
    }
    let (tree, _) = assembly.finish();
    let archive = cpio::write(&tree).map_err(|why| fail(why.into()))?;
    let name = format!("initrd-{}", key(&[&archive, &LEVEL.to_le_bytes()]));
    if let Some(kept) = cache.get(&name) {
        return Ok(Bytes::from(kept));
    }
    let compressed = zstd::bulk::compress(&archive, LEVEL).map_err(|why| fail(why.into()))?;
    cache.put(&name, |file| std::io::Write::write_all(file, &compressed));
    Ok(Bytes::from(compressed))
}

/// The kernel command line of a version: the recipe's, and the root hash that the whole chain of trust hangs on.
pub fn command_line(plan: &Plan, root_hash: &RootHash) -> String {
    let arguments = plan.command_line().map(ToString::to_string);
    let root = format!("corten.root-hash={}", hex(&root_hash.0));
    arguments.chain([root]).collect::<Vec<_>>().join(" ")
}

/// The boot image.
pub fn boot_image(
    selection: &Selection,
    initrd: &[u8],
    command_line: &str,
    os_release: &str,
) -> Result<Bytes, Error> {
    let parts = uki::Parts {
        os_release: os_release.as_bytes(),
        cmdline: command_line.as_bytes(),
        uname: selection.kernel.release.as_bytes(),
        microcode: &selection.microcode,
        initrd,
        linux: &selection.kernel.image,
    };
    let image = uki::build(&selection.stub, &parts).map_err(|why| Error::part("boot image")(why.into()))?;
    Ok(Bytes::from(image))
}
