//! Every dependency is named by the code that it is for.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use cargo_metadata::{DependencyKind, Metadata, Package};

/// Where the sources of a package lie; what is not in `src` or the build script is of tests.
const FOLDERS: [&str; 5] = ["src", "build.rs", "tests", "benches", "examples"];
/// The unit tests at the end of a file begin with this.
const UNIT_TESTS: &str = "\n#[cfg(test)]\nmod tests {";

/// The sources of a package.
#[derive(Debug, Default)]
struct Sources {
    /// Code of the library, the binary and the build script, without comments and unit tests.
    code: String,
    /// All sources as they are, and the front page, whose examples are tests.
    all: String,
}

/// Errors with every dependency that nothing names.
pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<()> {
    let (mut unused, mut checked) = (Vec::new(), 0);
    for package in metadata.workspace_packages() {
        let sources = read(package)?;
        for dependency in &package.dependencies {
            checked += 1;
            let name = dependency.rename.as_deref().unwrap_or(&dependency.name);
            unused.extend(
                problem(name, dependency.kind, &sources)
                    .map(|problem| format!("{}: {problem}", package.name)),
            );
        }
    }
    if !unused.is_empty() {
        bail!("dependencies that no source file names:\n  {}", unused.join("\n  "));
    }
    println!("{checked} dependencies, all named");
    Ok(())
}

/// What is wrong with a dependency of this kind, if anything is.
fn problem(name: &str, kind: DependencyKind, sources: &Sources) -> Option<String> {
    let ident = name.replace('-', "_");
    let is_dev = kind == DependencyKind::Development;
    if names(if is_dev { &sources.all } else { &sources.code }, &ident) {
        None
    } else if names(&sources.all, &ident) {
        Some(format!("{name} is named by tests only: it belongs to [dev-dependencies]"))
    } else {
        Some(format!("{name} is named nowhere"))
    }
}

/// Whether a text has this identifier at the beginning of a path: `ident::`, or `use ident` alone.
fn names(text: &str, ident: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(ident).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + ident.len()..]);
        let is_used = before.ends_with("use ") && after.starts_with([';', ' ']);
        !before.ends_with(is_part) && (after.starts_with("::") || is_used)
    })
}

fn read(package: &Package) -> anyhow::Result<Sources> {
    let root = package.manifest_path.parent().context("a manifest lies in a folder")?.as_std_path();
    let mut sources = Sources::default();
    for (position, folder) in FOLDERS.into_iter().enumerate() {
        add(&root.join(folder), position < 2, &mut sources)?;
    }
    sources.all += &fs::read_to_string(root.join("README.md")).unwrap_or_default();
    Ok(sources)
}

/// Adds a file, or all files of a folder; nothing if there is none.
fn add(path: &Path, is_code: bool, sources: &mut Sources) -> anyhow::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("failed to read {}", path.display()))? {
            add(&entry?.path(), is_code, sources)?;
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") && path.exists() {
        let text = fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
        if is_code {
            sources.code += &code(&text);
        }
        sources.all += &text;
    }
    Ok(())
}

/// A file without its unit tests and without lines that are comments.
fn code(text: &str) -> String {
    let (code, _) = text.split_once(UNIT_TESTS).unwrap_or((text, ""));
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_used_where_its_kind_says() {
        let all = "//! Uses `rand::rng`.\nuse serde_json::Value;\nlet half = 2;\n\n#[cfg(test)]\nmod tests {\n    use tempfile::tempdir;\n}\n";
        let sources = Sources { code: code(all), all: all.to_owned() };
        let problem = |name, kind| problem(name, kind, &sources);
        assert_eq!(problem("serde-json", DependencyKind::Normal), None);
        assert_eq!(problem("tempfile", DependencyKind::Development), None);
        let moved = problem("tempfile", DependencyKind::Normal).unwrap();
        assert_eq!(moved, "tempfile is named by tests only: it belongs to [dev-dependencies]");
        // A longer name does not name the shorter one.
        assert_eq!(problem("serde", DependencyKind::Normal).as_deref(), Some("serde is named nowhere"));
        assert_eq!(problem("half", DependencyKind::Normal).as_deref(), Some("half is named nowhere"));
        // A comment is an example at most.
        assert!(problem("rand", DependencyKind::Normal).is_some());
    }
}
