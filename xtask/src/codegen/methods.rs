//! The table of methods of sharing in `METHODS.md`, from their registries and the names of their property tests.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use mtl_sharing::{GradientKind, WeightingKind};

const BEGIN: &str = "<!-- begin: `cargo xtask codegen` writes this table -->\n";
const END: &str = "<!-- end of the written table -->";

/// One method: its kind, its key and name in a configuration, its title, paper and file, and its laws.
struct Method {
    kind: &'static str,
    key: &'static str,
    name: &'static str,
    title: &'static str,
    paper: &'static str,
    file: String,
    laws: Vec<String>,
}

/// The text of `METHODS.md` with its table written anew.
pub(super) fn render(page: &str, root: &Path) -> anyhow::Result<String> {
    let begin = page.find(BEGIN).context("METHODS.md has no place for the table of methods")? + BEGIN.len();
    let end = begin + page[begin..].find(END).context("the table of methods in METHODS.md has no end")?;
    check_paths("METHODS.md", page, root)?;
    Ok(format!("{}{}{}", &page[..begin], table(root)?, &page[end..]))
}

/// Errors at a path of a source file in the page of this name that leads nowhere.
pub(super) fn check_paths(name: &str, page: &str, root: &Path) -> anyhow::Result<()> {
    let paths = page.split('`').skip(1).step_by(2).filter(|quoted| quoted.starts_with("crates/"));
    for path in paths.filter(|path| !path.contains(char::is_whitespace)) {
        ensure!(root.join(path).exists(), "{name} names `{path}`, which does not exist");
    }
    Ok(())
}

fn table(root: &Path) -> anyhow::Result<String> {
    let mut table = String::from(
        "| in `[sharing]` | method | kind | source | file in `crates/sharing/src` | laws of its own |\n|---|---|---|---|---|---|\n",
    );
    let (of_losses, of_gradients) =
        (laws(root, "weighting_properties.rs")?, laws(root, "gradient_properties.rs")?);
    let methods = methods(&of_losses, &of_gradients);
    for method in &methods {
        let Method { kind, key, name, title, paper, file, laws } = method;
        writeln!(
            table,
            "| `{key} = \"{name}\"` | {title} | {kind} | {paper} | `{file}` | {} |",
            quoted(laws)
        )?;
    }
    let shared = |all: &[String]| -> Vec<String> {
        all.iter().filter(|law| !methods.iter().any(|method| method.laws.contains(law))).cloned().collect()
    };
    writeln!(table, "\nLaws of every loss weighting: {}.", quoted(&shared(&of_losses)))?;
    writeln!(table, "Laws of every gradient combining: {}.", quoted(&shared(&of_gradients)))?;
    Ok(table)
}

fn quoted(laws: &[String]) -> String {
    laws.iter().map(|law| format!("`{law}`")).collect::<Vec<_>>().join(", ")
}

fn methods(of_losses: &[String], of_gradients: &[String]) -> Vec<Method> {
    let (weightings, gradients): (Vec<_>, Vec<_>) = (
        WeightingKind::ALL.iter().map(|kind| kind.name()).collect(),
        GradientKind::ALL.iter().map(|kind| kind.name()).collect(),
    );
    let of_weighting = |kind: &WeightingKind| Method {
        kind: "loss weighting",
        key: "weighting",
        name: kind.name(),
        title: kind.title(),
        paper: kind.paper(),
        file: format!("weighting/{}", kind.file()),
        laws: own(of_losses, kind.name(), &weightings),
    };
    let of_combining = |kind: &GradientKind| Method {
        kind: "gradient combining",
        key: "gradients",
        name: kind.name(),
        title: kind.title(),
        paper: kind.paper(),
        file: format!("gradient/{}", kind.file()),
        laws: own(of_gradients, kind.name(), &gradients),
    };
    let weighting = WeightingKind::ALL.iter().map(of_weighting);
    weighting.chain(GradientKind::ALL.iter().map(of_combining)).collect()
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

/// The laws that begin with the method's name, or with the first word of it if no other method begins so.
fn own(laws: &[String], name: &str, names: &[&str]) -> Vec<String> {
    let first = |name: &str| name.split('-').next().unwrap_or_default().to_owned();
    let alone = names.iter().filter(|other| first(other) == first(name)).count() == 1;
    let prefix = format!("{}_", if alone { first(name) } else { name.replace('-', "_") });
    laws.iter().filter(|law| law.starts_with(&prefix)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_belongs_to_the_method_that_it_names() {
        let laws =
            ["nash_direction_turns", "mgda_norm_falls", "grad_drop_leaks", "permuting"].map(String::from);
        let names = ["nash-mtl", "mgda", "mgda-ub", "grad-drop", "grad-vac"];
        let of = |name| own(&laws, name, &names).join(" ");
        assert_eq!(of("nash-mtl"), "nash_direction_turns");
        assert_eq!((of("mgda"), of("mgda-ub")), ("mgda_norm_falls".to_owned(), String::new()));
        assert_eq!((of("grad-drop"), of("grad-vac")), ("grad_drop_leaks".to_owned(), String::new()));
    }

    #[test]
    fn a_path_that_leads_nowhere_is_named() {
        let error = check_paths("README.md", "see `crates/none.rs`", Path::new("/nowhere")).unwrap_err();
        assert_eq!(error.to_string(), "README.md names `crates/none.rs`, which does not exist");
    }
}
