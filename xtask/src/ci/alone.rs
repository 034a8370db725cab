//! Each library crate builds from an outside project that depends on it alone.
//!
//! Inside the workspace, features that one crate asks for are switched on for all; an outside user has no such luck.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use cargo_metadata::{Metadata, Package, TargetKind};

use crate::process::{cargo, run};
use crate::workspace;

/// Builds one small package per library crate, all in one outside workspace that shares a target folder.
pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<()> {
    let outside = workspace::scratch(metadata, "alone")?;
    let libraries: Vec<&Package> =
        workspace::crates(metadata).into_iter().filter(|p| is_library(p)).collect();
    write_project(&outside, &libraries)?;
    let manifest = outside.join("Cargo.toml");
    let target = outside.join("target");
    let mut failed = Vec::new();
    for library in &libraries {
        let mut check = cargo(&["check", "--quiet", "--offline", "--package", &package_name(library)]);
        check.arg("--manifest-path").arg(&manifest).arg("--target-dir").arg(&target);
        if let Err(error) = run(&mut check) {
            eprintln!("{error:#}");
            failed.push(library.name.as_str());
        }
    }
    if !failed.is_empty() {
        bail!("these crates do not build from an outside project: {}", failed.join(", "));
    }
    println!("{} libraries build alone", libraries.len());
    Ok(())
}

fn is_library(package: &Package) -> bool {
    package.targets.iter().any(|target| target.kind.contains(&TargetKind::Lib))
}

fn package_name(library: &Package) -> String {
    format!("alone-{}", library.name)
}

/// Writes the outside workspace with the lock file of ours, so that the same versions are built without a network.
fn write_project(outside: &Path, libraries: &[&Package]) -> anyhow::Result<()> {
    let members: Vec<_> = libraries.iter().map(|library| format!("{:?}", package_name(library))).collect();
    let root = format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n", members.join(", "));
    write(&outside.join("Cargo.toml"), &root)?;
    for library in libraries {
        let folder = outside.join(package_name(library));
        write(&folder.join("Cargo.toml"), &manifest(library))?;
        write(&folder.join("src").join("lib.rs"), "")?;
    }
    fs::copy(workspace::root().join("Cargo.lock"), outside.join("Cargo.lock"))
        .context("failed to copy the workspace's Cargo.lock")?;
    Ok(())
}

fn manifest(library: &Package) -> String {
    let folder = library.manifest_path.parent().expect("a manifest lies in a folder");
    format!(
        "[package]\nname = {:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{} = {{ path = {:?} }}\n",
        package_name(library),
        library.name,
        folder.as_str(),
    )
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().expect("a file lies in a folder");
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}
