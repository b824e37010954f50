//! Where QEMU and its firmware are: unpacked somewhere, with a loader of their own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use corten_archive::tools::ToolRoot;

use crate::error::Error;
use crate::machine::SecureBoot;

const PROGRAM: &str = "qemu-system-x86_64";

/// Code, code with Secure Boot, and variables in Debian's package, below the folder of the tools.
const FIRMWARE_IN_TOOLS: [&str; 3] = [
    "usr/share/OVMF/OVMF_CODE_4M.fd",
    "usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
    "usr/share/OVMF/OVMF_VARS_4M.fd",
];

/// UEFI firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// The code, never written.
    pub code: PathBuf,
    /// A file of variables as they are before the first start.
    pub variables: PathBuf,
}

/// A QEMU that can be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emulator {
    program: PathBuf,
    leading: Vec<OsString>,
    environment: Vec<(OsString, Option<OsString>)>,
    firmware: Option<Firmware>,
    secure: Option<Firmware>,
}

impl Emulator {
    /// A QEMU started as `command`: its program, its first arguments (a loader's, folders of data) and its
    /// environment are taken.
    pub fn from_parts(command: &Command, firmware: Option<Firmware>) -> Self {
        Self {
            program: command.get_program().into(),
            leading: command.get_args().map(ToOwned::to_owned).collect(),
            environment: command
                .get_envs()
                .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
                .collect(),
            firmware,
            secure: None,
        }
    }

    /// The QEMU and firmware of [`corten_archive::tools::sets::QEMU`], laid out in the store.
    pub fn from_tools(tools: &ToolRoot) -> Result<Self, Error> {
        let command = tools.command(&format!("usr/bin/{PROGRAM}"))?;
        let [code, secure, variables] = FIRMWARE_IN_TOOLS.map(|path| tools.file(path));
        let variables = variables?;
        let secure = Firmware { code: secure?, variables: variables.clone() };
        let plain = Firmware { code: code?, variables };
        Ok(Self { secure: Some(secure), ..Self::from_parts(&command, Some(plain)) })
    }

    /// The firmware.
    pub fn firmware(&self, secure_boot: SecureBoot) -> Result<&Firmware, Error> {
        let firmware = match secure_boot {
            SecureBoot::Off => &self.firmware,
            SecureBoot::On => &self.secure,
        };
        firmware.as_ref().ok_or(Error::NoFirmware)
    }

    /// QEMU's version, as `--version` tells it: `7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`.
    pub fn version(&self) -> Result<String, Error> {
        let output = self.command().arg("--version").stdin(Stdio::null()).output();
        let output = output.map_err(|source| self.not_started(source))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.lines().find_map(|line| line.strip_prefix("QEMU emulator version "));
        version.map(str::to_owned).ok_or_else(|| Error::Version {
            program: self.program.clone(),
            output: text.lines().next().unwrap_or_default().to_owned(),
        })
    }

    /// A command that starts QEMU, without arguments that say what.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.leading);
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    pub(crate) fn not_started(&self, source: std::io::Error) -> Error {
        Error::Host { doing: "starting", path: self.program.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loader_and_data_folders_stand_before_everything_else() {
        let mut start = Command::new("/root/lib/ld.so");
        start
            .args(["--library-path", "/root/lib", "/root/qemu", "-L", "/root/share"])
            .env("QEMU_MODULE_DIR", "/root/modules")
            .env_remove("LD_PRELOAD");
        let emulator = Emulator::from_parts(&start, None);
        let mut command = emulator.command();
        command.arg("-m");
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        assert_eq!(args, ["--library-path", "/root/lib", "/root/qemu", "-L", "/root/share", "-m"]);
        let environment: Vec<_> = command.get_envs().collect();
        let modules = ("QEMU_MODULE_DIR".as_ref(), Some("/root/modules".as_ref()));
        assert_eq!(environment, [("LD_PRELOAD".as_ref(), None), modules]);
    }

    #[test]
    fn missing_things_are_named() {
        let emulator = Emulator::from_parts(&Command::new("/no/such/qemu"), None);
        insta::assert_snapshot!(
            emulator.version().expect_err("not there"),
            @"starting /no/such/qemu: No such file or directory (os error 2)"
        );
        insta::assert_snapshot!(
            emulator.firmware(SecureBoot::Off).expect_err("not there"),
            @"this QEMU has no UEFI firmware: expected the tools of the set \"run\""
        );
        let mut echo = Command::new("/bin/sh");
        echo.args(["-c", "echo something else; echo more"]);
        let other = Emulator::from_parts(&echo, None);
        insta::assert_snapshot!(
            other.version().expect_err("not QEMU"),
            @r#"/bin/sh --version printed "something else": expected a line with "QEMU emulator version""#
        );
    }
}
