//! `CONFIGURATION.md`: every key of the configuration file, from the tables in the documentation of the structures that
//! read them and from the registries of methods.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use mtl_base::Method;
use mtl_base::registry::Default;
use mtl_curriculum::{sampler, stopping};
use mtl_data::benchmark;
use mtl_sharing::{GradientKind, WeightingKind, adapter, architecture, penalty};
use mtl_train::config::METRICS_BY_KIND;

const HEAD: &str = "\
<!-- `cargo xtask codegen` writes this file -->

# The configuration file

One TOML file says what is trained, on what, and how. A key that is not named here is an error, with its line and the
nearest name that is. Where a key has no default and its row does not say that it is needed, nothing is done without it.
`mtl plan FILE` reads and checks a file and says what a run of it would do; `config.toml` in a run's folder holds every
key that has a value.

Relative paths start from the folder of the file, from the folder that `data` names, or from that of `--data`: the last of
these that is given holds.
";

/// A table of the file: its title, the source that documents its keys, the name of the list of keys there, and the keys
/// that are tables themselves.
const SECTIONS: [(&str, &str, &str, &[&str]); 7] = [
    ("At the top", "mod.rs", "KEYS", &["encoder", "train", "sharing", "curriculum", "tasks"]),
    ("`[encoder]`: the model that all tasks share", "encoder.rs", "KEYS", &[]),
    ("`[train]`: how it is trained", "training.rs", "KEYS", &[]),
    ("`[sharing]`: how tasks share the model and its steps", "sharing.rs", "KEYS", &[]),
    ("`[curriculum]`: what is trained when", "curriculum.rs", "CURRICULUM_KEYS", &[]),
    ("`[[curriculum.stages]]`: one for each stage", "stage.rs", "KEYS", &[]),
    ("`[tasks.NAME]`: one for each task", "task.rs", "KEYS", &[]),
];

/// The enumerations whose values a key takes, each with the source, below `crates`, that documents them.
const CHOICES: [(&str, &str); 10] = [
    ("Format", "train/src/config/examples.rs"),
    ("InvalidBio", "train/src/config/invalid_bio.rs"),
    ("Keep", "train/src/config/training.rs"),
    ("OptimizerKind", "train/src/config/training.rs"),
    ("Precision", "train/src/config/training.rs"),
    ("Role", "train/src/config/role.rs"),
    ("Schedule", "train/src/config/training.rs"),
    ("Select", "train/src/config/training.rs"),
    ("TaskKind", "train/src/config/task.rs"),
    ("Unit", "curriculum/src/unit.rs"),
];

/// The text of the file.
///
/// `presets` are the names of the encoder sizes. Errors if a source has no such table or list, or if the keys of the two differ.
pub(super) fn render(root: &Path, presets: &[String]) -> anyhow::Result<String> {
    let crates = root.join("crates");
    let mut page = String::from(HEAD);
    for (title, file, list, tables) in SECTIONS {
        let source = read(&crates.join("train/src/config").join(file))?;
        let rows = table(&source);
        check_keys(&rows, &listed(&source, list)?, tables).with_context(|| format!("in {file}"))?;
        writeln!(page, "\n## {title}\n\n| key | default | meaning | range |\n|---|---|---|---|")?;
        let mut values = Vec::new();
        for row in rows {
            writeln!(page, "{}", resolved(&row, &crates, presets, &mut values)?)?;
        }
        if !values.is_empty() {
            writeln!(page, "\n| value | of | meaning |\n|---|---|---|\n{}", values.join("\n"))?;
        }
        match file {
            "sharing.rs" => methods(&mut page)?,
            "curriculum.rs" => curricula(&mut page)?,
            "task.rs" => metrics(&mut page)?,
            _ => {}
        }
    }
    Ok(page)
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}

/// The rows of the table of keys in the documentation, without its head.
fn table(source: &str) -> Vec<String> {
    let lines = source.lines().filter_map(|line| line.strip_prefix("/// "));
    lines.filter(|line| line.starts_with("| `")).map(str::to_owned).collect()
}

/// The words of the constant `list` of a source.
fn listed(source: &str, list: &str) -> anyhow::Result<Vec<String>> {
    let begin = format!("const {list}: &[&str] =");
    let (_, rest) = source.split_once(&begin).with_context(|| format!("no `{begin}`"))?;
    let (words, _) = rest.split_once("];").context("the list of keys has no end")?;
    Ok(words.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

/// The keys of a row: its first column may name several.
fn keys_of(row: &str) -> Vec<&str> {
    let column = row.split('|').nth(1).unwrap_or_default();
    column.split('`').skip(1).step_by(2).collect()
}

/// Errors if a key is read but not documented, or documented but not read; `tables` are documented elsewhere.
fn check_keys(rows: &[String], read: &[String], tables: &[&str]) -> anyhow::Result<()> {
    let documented: Vec<&str> = rows.iter().flat_map(|row| keys_of(row)).collect();
    for key in read.iter().map(String::as_str).filter(|key| !tables.contains(key)) {
        ensure!(documented.contains(&key), "the key `{key}` is in no row of the table");
    }
    for key in documented {
        ensure!(read.iter().any(|read| read == key), "the table has a key `{key}` that is not read");
    }
    Ok(())
}

/// A row whose links became what they lead to; the values of a choice are added to `values`, with their meanings.
fn resolved(
    row: &str,
    crates: &Path,
    presets: &[String],
    values: &mut Vec<String>,
) -> anyhow::Result<String> {
    let mut row = row.to_owned();
    for (kind, file) in CHOICES {
        let link = format!("[`{kind}`]");
        if !row.contains(&link) {
            continue;
        }
        let meanings = meanings(&read(&crates.join(file))?, kind)?;
        let names: Vec<String> = meanings.iter().map(|(name, _)| format!("`{name}`")).collect();
        let key = keys_of(&row)[0].to_owned();
        values.extend(meanings.iter().map(|(name, meaning)| format!("| `{name}` | `{key}` | {meaning} |")));
        row = row.replace(&link, &names.join(", "));
    }
    let presets: Vec<String> = presets.iter().map(|preset| format!("`{preset}`")).collect();
    let row = row.replace("[`PRESETS`]", &presets.join(", "));
    let row = row.replace("[`WeightingKind`]", "see below").replace("[`GradientKind`]", "see below");
    let row = row.replace("[`SamplerConfig`]", "see below").replace("[`StoppingConfig`]", "see below");
    let row = row.replace("[`METRICS_BY_KIND`](super::METRICS_BY_KIND)", "see below");
    let row = row.replace("[`mtl_data::benchmark`]", "see below");
    ensure!(!row.contains("[`"), "a link that a reader of the page cannot follow: {row}");
    Ok(row)
}

/// The values of an enumeration, each with its documentation on one line.
fn meanings(source: &str, kind: &str) -> anyhow::Result<Vec<(String, String)>> {
    let begins = [format!("    {kind} {{\n"), format!("pub enum {kind} {{\n")];
    let begin = begins.iter().find_map(|begin| source.find(begin).map(|at| at + begin.len()));
    let begin = begin.with_context(|| format!("no enumeration {kind}"))?;
    let (mut meanings, mut meaning) = (Vec::new(), Vec::new());
    for line in source[begin..].lines().map(str::trim).take_while(|line| *line != "}") {
        if let Some(text) = line.strip_prefix("/// ") {
            meaning.push(text);
        } else if let Some((_, name)) = line.split_once(" = ") {
            meanings.push((name.trim_matches([',', '"']).to_owned(), plain(&meaning.join(" "))));
            meaning.clear();
        } else if let Some(variant) = line.strip_suffix(',') {
            let named = format!("{variant} => \"");
            let (_, rest) = source.split_once(&named).with_context(|| format!("{variant} has no name"))?;
            let name = rest.split('"').next().unwrap_or_default();
            meanings.push((name.to_owned(), plain(&meaning.join(" "))));
            meaning.clear();
        }
    }
    Ok(meanings)
}

/// Text whose links are their words, as the cell of a table.
fn plain(text: &str) -> String {
    let text = text.replace("[`", "`").replace("`]", "`");
    text.trim_end_matches('.').to_owned()
}

/// The methods of `weighting` and `gradients`, and their keys.
fn methods(page: &mut String) -> anyhow::Result<()> {
    writeln!(page, "\nThe methods; `METHODS.md` has their papers and laws.\n")?;
    writeln!(page, "| value | of | method |\n|---|---|---|")?;
    for kind in WeightingKind::ALL {
        writeln!(page, "| `{}` | `weighting` | {} |", kind.name(), kind.title())?;
    }
    for kind in GradientKind::ALL {
        writeln!(page, "| `{}` | `gradients` | {} |", kind.name(), kind.title())?;
    }
    let registered = [architecture::METHODS, adapter::METHODS, penalty::METHODS].concat();
    for method in &registered {
        writeln!(page, "| `{}` | `{}` | {} |", method.name, method.group, method.title)?;
    }
    writeln!(
        page,
        "\nA method with settings may be a table, as in `architecture = {{ name = \"cross-stitch\", own = 0.9 }}`; those of \
         `weighting` and `gradients` may also stand beside them in `[sharing]`:\n"
    )?;
    writeln!(page, "| of | key | default | meaning | range |\n|---|---|---|---|---|")?;
    for kind in WeightingKind::ALL {
        for key in kind.keys() {
            let (name, default) = (key.name, key.default);
            writeln!(
                page,
                "| `{}` | `{name}` | {default} | {} | {} |",
                kind.name(),
                key.purpose,
                key.range.words()
            )?;
        }
    }
    for kind in GradientKind::ALL {
        for key in kind.keys() {
            let (name, default) = (key.name, &key.default);
            writeln!(page, "| `{}` | `{name}` | {default} | {} | {} |", kind.name(), key.purpose, key.range)?;
        }
    }
    registered.iter().try_for_each(|method| settings(page, method))
}

/// The samplers and stopping rules, and their settings.
fn curricula(page: &mut String) -> anyhow::Result<()> {
    let samplers = sampler::ROWS.iter().map(|row| &row.method);
    let methods: Vec<&Method> = samplers.chain(stopping::ROWS.iter().map(|row| &row.method)).collect();
    writeln!(page, "\nThe methods; `crates/curriculum/README.md` has more on them.\n")?;
    writeln!(page, "| value | of | method |\n|---|---|---|")?;
    for method in &methods {
        writeln!(page, "| `{}` | `{}` | {} |", method.name, method.group, method.title)?;
    }
    writeln!(
        page,
        "\nA method with settings of its own may be a table, as in `sampler = {{ name = \"temperature\", cap = 1000 }}`:\n"
    )?;
    writeln!(page, "| of | key | default | meaning | range |\n|---|---|---|---|---|")?;
    methods.into_iter().try_for_each(|method| settings(page, method))
}

/// A row for each setting of a method.
fn settings(page: &mut String, method: &Method) -> anyhow::Result<()> {
    for key in method.keys {
        let (name, default, range) = (key.name, default(key.default), key.range.words());
        writeln!(page, "| `{}` | `{name}` | {default} | {} | {range} |", method.name, key.meaning)?;
    }
    Ok(())
}

/// The default of a key, as it is written in a file.
fn default(default: Default) -> String {
    match default {
        Default::Number(number) => number.to_string(),
        Default::Text(text) => text.to_owned(),
        Default::Flag(flag) => flag.to_string(),
        Default::Texts(texts) => texts.join(", "),
        Default::Needed => "needed".to_owned(),
        _ => String::new(),
    }
}

/// Which metrics judge which kind of task, and the tasks of benchmarks.
fn metrics(page: &mut String) -> anyhow::Result<()> {
    writeln!(
        page,
        "\nThe metrics of each kind; the first is the default. `crates/metrics/README.md` says what each is.\n"
    )?;
    writeln!(page, "| kind | metrics |\n|---|---|")?;
    for (kind, metrics) in METRICS_BY_KIND {
        let metrics: Vec<String> = metrics.iter().map(|metric| format!("`{metric}`")).collect();
        writeln!(page, "| `{}` | {} |", kind.name(), metrics.join(", "))?;
    }
    let (trained, described): (Vec<_>, Vec<_>) =
        benchmark::tasks().partition(|task| task.asks.label_kind().is_some());
    let names = |tasks: Vec<&benchmark::BenchmarkTask>| {
        tasks.iter().map(|task| format!("`{}`", task.full_name())).collect::<Vec<_>>().join(", ")
    };
    writeln!(
        page,
        "\n`benchmark` takes {} (a task that is published without a train set needs `train`). {} can be described, not trained.",
        names(trained),
        names(described)
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_read_but_not_documented_is_named() {
        let rows = ["| `a`, `b` | 1 | | |".to_owned()];
        let words = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        assert!(check_keys(&rows, &words(&["a", "b", "t"]), &["t"]).is_ok());
        let error = check_keys(&rows, &words(&["a", "b", "c"]), &[]).unwrap_err();
        assert_eq!(error.to_string(), "the key `c` is in no row of the table");
        let error = check_keys(&rows, &words(&["a"]), &[]).unwrap_err();
        assert_eq!(error.to_string(), "the table has a key `b` that is not read");
    }

    #[test]
    fn values_are_read_with_their_meanings() {
        let source = "choices! {\n    /// What.\n    Kind {\n        /// The first of\n        /// [`Others`].\n        \
                      First = \"first\",\n    }\n}\npub enum Plain {\n    /// Two.\n    Second,\n}\n\
                      Second => \"second\",\n";
        let of = |kind| meanings(source, kind).unwrap();
        assert_eq!(of("Kind"), [("first".to_owned(), "The first of `Others`".to_owned())]);
        assert_eq!(of("Plain"), [("second".to_owned(), "Two".to_owned())]);
    }
}
