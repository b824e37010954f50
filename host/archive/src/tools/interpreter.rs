//! What a program has to be started with: its dynamic loader, or the interpreter of its first line.

use object::Endianness;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};

/// How a file is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interpreter {
    /// By this dynamic loader, a path in the folder.
    Loader(String),
    /// By itself: it is linked statically.
    Itself,
    /// By a program with an argument or none, as its first line says.
    Script {
        /// Path in the folder.
        program: String,
        /// Argument between the program and the script.
        argument: Option<String>,
    },
}

/// Looks at the content of a program.
pub fn interpreter(content: &[u8]) -> Result<Interpreter, String> {
    if let Some(rest) = content.strip_prefix(b"#!") {
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        return script(std::str::from_utf8(line).map_err(|_| "its first line is not UTF-8")?);
    }
    let elf = ElfFile64::<Endianness>::parse(content)
        .map_err(|error| format!("it is no 64 bit ELF file: {error}"))?;
    let (header, endian) = (elf.elf_header(), elf.endian());
    let segments = header.program_headers(endian, content).map_err(|error| error.to_string())?;
    for segment in segments {
        if let Some(path) = segment.interpreter(endian, content).map_err(|error| error.to_string())? {
            let path = std::str::from_utf8(path).map_err(|_| "the path of its loader is not UTF-8")?;
            return Ok(Interpreter::Loader(path.trim_start_matches('/').to_owned()));
        }
    }
    Ok(Interpreter::Itself)
}

/// `/usr/bin/env python3` is looked up in `usr/bin`.
fn script(line: &str) -> Result<Interpreter, String> {
    let mut words = line.split_whitespace();
    let program = words.next().ok_or("its first line names no interpreter")?;
    let argument = words.next().map(str::to_owned);
    if program.ends_with("/env") {
        let name = argument.ok_or("its first line names no interpreter")?;
        return Ok(Interpreter::Script { program: format!("usr/bin/{name}"), argument: None });
    }
    Ok(Interpreter::Script { program: program.trim_start_matches('/').to_owned(), argument })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_name_the_interpreter() {
        let script = |program: &str, argument: Option<&str>| {
            Ok(Interpreter::Script { program: program.into(), argument: argument.map(str::to_owned) })
        };
        assert_eq!(interpreter(b"#!/usr/bin/python3 -E\nx"), script("usr/bin/python3", Some("-E")));
        assert_eq!(interpreter(b"#! /usr/bin/env python3\n"), script("usr/bin/python3", None));
        assert!(interpreter(b"#!\n").is_err());
        assert!(interpreter(b"no program").is_err());
    }
}
