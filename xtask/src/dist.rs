//! `cargo xtask dist`: the static binary, checked to be static and run with nothing around it.

mod elf;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::process::{self, cargo};
use crate::workspace;

const TARGET: &str = "x86_64-unknown-linux-musl";

/// How to get the C compiler that the allocator needs.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install musl's C compiler with apt-get if it is missing
    #[arg(long)]
    install_tools: bool,
}

/// Builds, checks and runs the binary; prints where it is and its size.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    tools(args)?;
    let binary = build()?;
    let bytes = fs::read(&binary).with_context(|| format!("failed to read {}", binary.display()))?;
    ensure!(elf::is_static(&bytes)?, "{} asks for a dynamic loader", binary.display());
    let version = run_bare(&binary)?;
    println!("{version}: {} is static, {:.1} MiB", binary.display(), bytes.len() as f64 / (1 << 20) as f64);
    Ok(())
}

fn tools(args: &Args) -> anyhow::Result<()> {
    process::run(Command::new("rustup").args(["target", "add", TARGET]))?;
    if process::exists("musl-gcc") {
        return Ok(());
    }
    if !args.install_tools {
        bail!(
            "musl-gcc is missing: install it (Debian: apt-get install musl-tools), or run with --install-tools"
        );
    }
    process::run(Command::new("apt-get").args(["install", "--yes", "musl-tools"]))
}

fn build() -> anyhow::Result<PathBuf> {
    process::run(&mut cargo(&["build", "--release", "--package", "mtl-cli", "--target", TARGET]))?;
    let target = workspace::metadata()?.target_directory.into_std_path_buf();
    Ok(target.join(TARGET).join("release").join("mtl"))
}

/// Copies the binary into an empty folder and asks for its version there, with an empty environment.
fn run_bare(binary: &Path) -> anyhow::Result<String> {
    let folder = workspace::scratch(&workspace::metadata()?, "dist-empty")?;
    fs::remove_dir_all(&folder)?;
    fs::create_dir(&folder)?;
    let copy = folder.join("mtl");
    fs::copy(binary, &copy)?;
    let printed = process::output(Command::new(&copy).arg("--version").current_dir(&folder).env_clear());
    fs::remove_dir_all(&folder)?;
    let version = printed?.trim().to_owned();
    let expected = format!("mtl {}", env!("CARGO_PKG_VERSION"));
    ensure!(version == expected, "`mtl --version` printed {version:?} instead of {expected:?}");
    Ok(version)
}
