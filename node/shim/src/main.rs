//! containerd's shim.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    corten_shim::program::main(std::env::args())
}
