//! Where things are: the root of the workspace, its target folder, its packages.

use std::path::{Path, PathBuf};

use anyhow::Context;
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// The root folder of the workspace, known from where this package was built.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies inside the workspace")
}

/// What cargo knows of the workspace's own packages; needs no network and no lock file.
pub(crate) fn metadata() -> anyhow::Result<Metadata> {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("failed to read the workspace with `cargo metadata`")
}

/// A folder inside the target folder, made if it is missing.
pub(crate) fn scratch(metadata: &Metadata, name: &str) -> anyhow::Result<PathBuf> {
    let folder = metadata.target_directory.as_std_path().join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
    Ok(folder)
}

/// The packages under `crates/`, by name.
pub(crate) fn crates(metadata: &Metadata) -> Vec<&Package> {
    let folder = root().join("crates");
    let mut packages: Vec<_> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| package.manifest_path.as_std_path().starts_with(&folder))
        .collect();
    packages.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    packages
}
