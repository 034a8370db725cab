//! The libraries compile for a processor that has none of the vector kernels.

use std::path::Path;

use crate::process::{cargo, output, run};

const TARGET: &str = "aarch64-unknown-linux-gnu";
/// The crates that know tensors or numbers, and no files.
const LIBRARIES: [&str; 6] =
    ["mtl-core-tensor", "mtl-encoders", "mtl-heads", "mtl-sharing", "mtl-curriculum", "mtl-metrics"];

/// Checks the libraries for the target, with warnings as errors; where the target is not installed, says so.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut rustc = std::process::Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let folder = output(rustc.args(["--print", "target-libdir", "--target", TARGET]))?;
    if !Path::new(folder.trim()).is_dir() {
        println!("left out: {TARGET} is not installed; `rustup target add {TARGET}` does that");
        return Ok(());
    }
    let mut check = cargo(&["check", "--quiet", "--target", TARGET]);
    check.args(LIBRARIES.iter().flat_map(|library| ["--package", library]));
    run(check.env("RUSTFLAGS", "-D warnings"))
}
