//! Each method is one file and one row: a scratch copy of the workspace gets a sample of each extension, and runs them all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use cargo_metadata::Metadata;

use crate::process::{cargo, output, run};
use crate::workspace;

/// The test that runs the samples, and where it goes.
const TEST: (&str, &str) = ("extension_test.rs", "crates/train/tests/extension.rs");

/// A method that is added to the scratch copy.
struct Sample {
    /// The group that it belongs to.
    group: &'static str,
    /// Its name as a module. The file `NAME.rs` lies in `xtask/src/ci/extension/`.
    name: &'static str,
    /// The folder of the methods of its group.
    folder: &'static str,
    /// The file that has their `mod` lines.
    modules: &'static str,
    /// The file that has the registry.
    registry: &'static str,
    /// Text of the registry after which the row goes.
    after: &'static str,
    /// The row.
    row: &'static str,
}

/// What is added. Rows go first in their lists, so that every registry may grow behind them.
const SAMPLES: &[Sample] = &[
    Sample {
        group: "sampler",
        name: "sample_backwards",
        folder: "crates/curriculum/src/sampler",
        modules: "crates/curriculum/src/sampler/mod.rs",
        registry: "crates/curriculum/src/sampler/mod.rs",
        after: "ROWS: &[Row<Build>] = &[",
        row: "sample_backwards::ROW,",
    },
    Sample {
        group: "stopping rule",
        name: "sample_evaluations",
        folder: "crates/curriculum/src/stopping",
        modules: "crates/curriculum/src/stopping/mod.rs",
        registry: "crates/curriculum/src/stopping/mod.rs",
        after: "ROWS: &[Row<Build>] = &[",
        row: "sample_evaluations::ROW,",
    },
    Sample {
        group: "architecture",
        name: "sample_mean",
        folder: "crates/sharing/src/architecture",
        modules: "crates/sharing/src/architecture/mod.rs",
        registry: "crates/sharing/src/architecture/mod.rs",
        after: "-> ArchitectureBuild<H, E, D> {",
        row: "sample_mean,",
    },
    Sample {
        group: "adapter",
        name: "sample_linear",
        folder: "crates/sharing/src/adapter",
        modules: "crates/sharing/src/adapter/mod.rs",
        registry: "crates/sharing/src/adapter/mod.rs",
        after: "-> AdapterBuild<H, E, D> {",
        row: "sample_linear,",
    },
    Sample {
        group: "penalty",
        name: "sample_first",
        folder: "crates/sharing/src/penalty",
        modules: "crates/sharing/src/penalty/mod.rs",
        registry: "crates/sharing/src/penalty/mod.rs",
        after: "-> PenaltyBuild<M, D> {",
        row: "sample_first,",
    },
    Sample {
        group: "gradient combining",
        name: "sample_mean_gradient",
        folder: "crates/sharing/src/gradient",
        modules: "crates/sharing/src/gradient/mod.rs",
        registry: "crates/sharing/src/gradient/registry.rs",
        after: "\ncombinings! {",
        row: "/// A sample.\n    SampleMeanGradient = sample_mean_gradient;",
    },
    Sample {
        group: "encoder family",
        name: "sample_bert",
        folder: "crates/encoders/src",
        modules: "crates/encoders/src/lib.rs",
        registry: "crates/encoders/src/family.rs",
        after: "-> Vec<Row<Family<E, D>>> {\n    vec![",
        row: "crate::sample_bert::family(),",
    },
];

/// Adds the samples to a copy of the workspace and runs their test there.
pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<()> {
    let copy = copy(metadata)?;
    for sample in SAMPLES {
        add(sample, &copy)
            .with_context(|| format!("failed to add the sample of the group {}", sample.group))?;
    }
    copy_file(&sample_file(TEST.0), &copy.join(TEST.1))?;
    run(cargo(&["test", "--offline", "--package", "mtl-train", "--test", "extension"])
        .current_dir(&copy)
        .env("CARGO_TARGET_DIR", metadata.target_directory.as_std_path())
        // Cargo names what it builds by the place in a workspace and by the profile. With the profile of the original,
        // the crates of the copy would replace those of the original; other libraries have no line tables anyway.
        .env("CARGO_PROFILE_DEV_DEBUG", "false"))
}

/// A copy of the tracked files of the workspace, as they are now.
fn copy(metadata: &Metadata) -> anyhow::Result<PathBuf> {
    let copy = workspace::scratch(metadata, "extension")?;
    let mut list = Command::new("git");
    let files = output(list.args(["ls-files", "-z"]).current_dir(workspace::root()))?;
    let files: Vec<&str> = files.split('\0').filter(|file| !file.is_empty()).collect();
    ensure!(!files.is_empty(), "git names no file of {}", workspace::root().display());
    remove_sources(&copy)?;
    for file in &files {
        let from = workspace::root().join(file);
        if from.is_file() {
            copy_file(&from, &copy.join(file))?;
        }
    }
    println!("{} files copied to {}", files.len(), copy.display());
    Ok(copy)
}

/// Removes what an earlier check left, so that no file stays that is not in the workspace any more.
fn remove_sources(copy: &Path) -> anyhow::Result<()> {
    fs::remove_dir_all(copy).with_context(|| format!("failed to remove {}", copy.display()))
}

/// Copies a file with the time at which it was written, so that cargo builds only what has changed.
fn copy_file(from: &Path, to: &Path) -> anyhow::Result<()> {
    let folder = to.parent().expect("a file lies in a folder");
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let copied = || {
        fs::copy(from, to)?;
        let written = fs::metadata(from)?.modified()?;
        fs::File::options().append(true).open(to)?.set_modified(written)
    };
    copied().with_context(|| format!("failed to copy {} to {}", from.display(), to.display()))
}

/// Where a file of the samples lies.
fn sample_file(name: &str) -> PathBuf {
    workspace::root().join("xtask/src/ci/extension").join(name)
}

/// One file, one `mod` line, one row.
fn add(sample: &Sample, copy: &Path) -> anyhow::Result<()> {
    let Sample { group, name, folder, modules, registry, after, row } = sample;
    let file = format!("{name}.rs");
    copy_file(&sample_file(&file), &copy.join(folder).join(&file))?;
    change(&copy.join(modules), |text| with_module(text, name))?;
    change(&copy.join(registry), |text| with_row(text, after, row))?;
    println!("{group}: 1 file, {folder}/{file}, 1 `mod` line in {modules}, 1 row in {registry}");
    Ok(())
}

fn change(path: &Path, change: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    let Some(text) = change(&text) else {
        bail!("{} has no place for it", path.display());
    };
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}

/// The text with one more `mod` line, before the others.
fn with_module(text: &str, name: &str) -> Option<String> {
    let is_module = |line: &&str| line.starts_with("mod ") || line.starts_with("pub mod ");
    let first = text.lines().find(is_module)?;
    let at = text.find(first)?;
    Some(format!("{}pub mod {name};\n{}", &text[..at], &text[at..]))
}

/// The text with a row after the first place where it says `after`.
fn with_row(text: &str, after: &str, row: &str) -> Option<String> {
    let at = text.find(after)? + after.len();
    Some(format!("{} {row}{}", &text[..at], &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_goes_before_the_others_and_a_row_after_its_mark() {
        let text = "//! Docs.\n\npub mod a;\nmod b;\nstatic ROWS: &[Row] = &[a::ROW];\n";
        let text = with_module(text, "sample").unwrap();
        let text = with_row(&text, "&[Row] = &[", "sample::ROW,").unwrap();
        let expected = "//! Docs.\n\npub mod sample;\npub mod a;\nmod b;\n\
                        static ROWS: &[Row] = &[ sample::ROW,a::ROW];\n";
        assert_eq!(text, expected);
        assert_eq!(with_module("use a;\n", "sample"), None);
        assert_eq!(with_row("use a;\n", "&[Row] = &[", "sample::ROW,"), None);
    }
}
