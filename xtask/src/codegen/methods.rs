//! The table of methods of sharing in `README.md`, from their registries and the names of their property tests.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use mtl_sharing::{GradientKind, WeightingKind};

const BEGIN: &str = "<!-- begin: `cargo xtask codegen` writes this table -->\n";
const END: &str = "<!-- end of the written table -->";

/// One method: its key and name in a configuration, its title, paper and file, and its laws.
struct Method {
    key: &'static str,
    name: &'static str,
    title: &'static str,
    paper: &'static str,
    file: String,
    laws: Vec<String>,
}

/// The text of the README with its table written anew.
pub(super) fn render(readme: &str, root: &Path) -> anyhow::Result<String> {
    let begin = readme.find(BEGIN).context("README.md has no place for the table of methods")? + BEGIN.len();
    let end = begin + readme[begin..].find(END).context("the table of methods in README.md has no end")?;
    Ok(format!("{}{}{}", &readme[..begin], table(root)?, &readme[end..]))
}

fn table(root: &Path) -> anyhow::Result<String> {
    let mut table = String::from(
        "| in `[sharing]` | method | source | file in `crates/sharing/src` | laws of its own |\n|---|---|---|---|---|\n",
    );
    for method in methods(root)? {
        let Method { key, name, title, paper, file, laws } = method;
        let laws = match laws.len() {
            0 => String::new(),
            1 => format!("`{}`", laws[0]),
            more => format!("`{}` and {} more", laws[0], more - 1),
        };
        writeln!(table, "| `{key} = \"{name}\"` | {title} | {paper} | `{file}` | {laws} |")?;
    }
    Ok(table)
}

fn methods(root: &Path) -> anyhow::Result<Vec<Method>> {
    let of_losses = laws(root, "weighting_properties.rs")?;
    let of_gradients = laws(root, "gradient_properties.rs")?;
    let weightings = WeightingKind::ALL.iter().map(|kind| Method {
        key: "weighting",
        name: kind.name(),
        title: kind.title(),
        paper: kind.paper(),
        file: format!("weighting/{}", kind.file()),
        laws: own(&of_losses, kind.name()),
    });
    let gradients = GradientKind::ALL.iter().map(|kind| Method {
        key: "gradients",
        name: kind.name(),
        title: kind.title(),
        paper: kind.paper(),
        file: format!("gradient/{}", kind.file()),
        laws: own(&of_gradients, kind.name()),
    });
    Ok(weightings.chain(gradients).collect())
}

/// The names of the property tests of a file.
fn laws(root: &Path, file: &str) -> anyhow::Result<Vec<String>> {
    let path = root.join("crates/sharing/tests").join(file);
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let name = |line: &str| Some(line.trim_start().strip_prefix("fn ")?.split_once('(')?.0.to_owned());
    let laws: Vec<String> =
        text.lines().filter(|line| line.starts_with("    fn ")).filter_map(name).collect();
    ensure!(!laws.is_empty(), "{} has no property test", path.display());
    Ok(laws)
}

/// The laws that begin with the method's name.
fn own(laws: &[String], name: &str) -> Vec<String> {
    let prefix = format!("{}_", name.replace('-', "_"));
    laws.iter().filter(|law| law.starts_with(&prefix)).cloned().collect()
}
