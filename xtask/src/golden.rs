//! `cargo xtask golden`: remakes the golden numbers of the tests.
//!
//! A script `crates/*/tests/golden/make_*.py` names the packages that it needs in its first line,
//! `# requires: numpy scipy`. It writes its files beside itself, or prints the one that its second line names,
//! `# writes: numbers.json`. A script without these lines needs something that pip does not have and is run by hand,
//! as its own words say.

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
    let mut count = 0;
    for script in &chosen {
        count += usize::from(remake(script, &environment)?);
    }
    println!("{count} of {} scripts run; `git diff --stat` shows what changed", chosen.len());
    Ok(())
}

/// Runs one script; false if it can only be run by hand.
fn remake(script: &Path, environment: &Environment) -> anyhow::Result<bool> {
    let text = fs::read_to_string(script).with_context(|| format!("failed to read {}", script.display()))?;
    let Some(packages) = list(&text, 0, "requires") else {
        println!("left out, to be run by hand: {}", script.display());
        return Ok(false);
    };
    environment.install(&packages)?;
    let folder = script.parent().expect("a script lies in a folder");
    let mut command = environment.command();
    command.arg(script).current_dir(folder);
    match list(&text, 1, "writes").as_deref() {
        Some([file]) => fs::write(folder.join(file), process::output(&mut command)?)?,
        _ => process::run(&mut command)?,
    }
    Ok(true)
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

/// The words after `# <key>:` in a line of a script, if that is what the line is.
fn list<'a>(script: &'a str, line: usize, key: &str) -> Option<Vec<&'a str>> {
    let words = script.lines().nth(line)?.strip_prefix("# ")?.strip_prefix(key)?.strip_prefix(':')?;
    Some(words.split([' ', ',']).filter(|word| !word.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_name_packages_and_file() {
        let script = "# requires: numpy, scipy\n# writes: a.json\nimport numpy\n";
        assert_eq!(list(script, 0, "requires"), Some(vec!["numpy", "scipy"]));
        assert_eq!(list(script, 1, "writes"), Some(vec!["a.json"]));
        assert_eq!(list("# requires:\n", 0, "requires"), Some(vec![]));
        assert_eq!(list("# requires:\n", 1, "writes"), None);
        assert_eq!(list("import numpy\n", 0, "requires"), None);
    }

    #[test]
    fn only_make_scripts_count() {
        assert!(is_script(Path::new("a/make_bert.py")));
        assert!(!is_script(Path::new("a/bert.py")));
        assert!(!is_script(Path::new("a/make_bert.json")));
    }
}
