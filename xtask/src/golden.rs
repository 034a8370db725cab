//! `cargo xtask golden`: remakes the golden numbers of the tests.
//!
//! A script `crates/*/tests/golden/make_*.py` names what it needs in its first line, `# requires: numpy scipy`, and
//! writes its files beside itself.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::python::Environment;
use crate::{process, workspace};

/// Which scripts to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only scripts whose path contains this text
    filter: Option<String>,
}

/// Runs the scripts in one virtual environment. Errors if none matches or one fails.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let filter = args.filter.as_deref().unwrap_or_default();
    let mut chosen = scripts()?;
    chosen.retain(|script| script.to_string_lossy().contains(filter));
    if chosen.is_empty() {
        bail!("no script crates/*/tests/golden/make_*.py contains {filter:?} in its path");
    }
    let environment = Environment::open("golden-venv")?;
    for script in &chosen {
        let text =
            fs::read_to_string(script).with_context(|| format!("failed to read {}", script.display()))?;
        let packages = requirements(&text)
            .with_context(|| format!("{} must begin with `# requires: PACKAGE ...`", script.display()))?;
        environment.install(&packages)?;
        let folder = script.parent().expect("a script lies in a folder");
        process::run(environment.command().arg(script).current_dir(folder))?;
    }
    println!("{} scripts run; `git diff --stat` shows what changed", chosen.len());
    Ok(())
}

/// The scripts that make golden numbers, in the order of their paths.
fn scripts() -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for package in files(&workspace::root().join("crates"))? {
        let golden = package.join("tests").join("golden");
        if golden.is_dir() {
            found.extend(files(&golden)?.into_iter().filter(|file| is_script(file)));
        }
    }
    Ok(found)
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("failed to list {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn is_script(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with("make_") && name.ends_with(".py")
    })
}

/// The packages named in the first line, if that is what it is.
fn requirements(script: &str) -> Option<Vec<&str>> {
    let first = script.lines().next()?;
    Some(first.strip_prefix("# requires:")?.split([' ', ',']).filter(|name| !name.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_packages() {
        assert_eq!(requirements("# requires: numpy, scipy\nimport numpy\n"), Some(vec!["numpy", "scipy"]));
        assert_eq!(requirements("# requires:\n"), Some(vec![]));
        assert_eq!(requirements("import numpy\n"), None);
        assert_eq!(requirements(""), None);
    }

    #[test]
    fn every_script_of_the_workspace_names_its_packages() {
        for script in scripts().unwrap() {
            let text = fs::read_to_string(&script).unwrap();
            assert!(requirements(&text).is_some(), "{} has no `# requires:` line", script.display());
        }
    }

    #[test]
    fn only_make_scripts_count() {
        assert!(is_script(Path::new("a/make_bert.py")));
        assert!(!is_script(Path::new("a/bert.py")));
        assert!(!is_script(Path::new("a/make_bert.json")));
    }
}
