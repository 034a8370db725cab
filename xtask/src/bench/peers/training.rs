//! The `multitask` cases: real text from files to scores, with the same budget on both sides.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use super::Bench;
use crate::bench::cases::Peer;
use crate::bench::sample::{self, Sample};
use crate::process;

/// A task that both sides know.
struct Task {
    /// The peer's name for it, and ours.
    name: &'static str,
    /// The key of its main score in the peer's lines.
    their_score: &'static str,
    /// The same in ours, which is the metric of the config.
    our_score: &'static str,
    /// Its section of the config, without files and metric.
    config: &'static str,
    /// Train and dev file, relative to the folder of the data sets.
    files: [&'static str; 2],
}

const TASKS: [Task; 4] = [
    Task {
        name: "stsb",
        their_score: "pearson",
        our_score: "pearson",
        config: "kind = \"regression\"\nscale = [0, 5]\nlabel = \"score\"\n\
                 text = [\"sentence1\", \"sentence2\"]",
        files: ["glue/STS-B/train.tsv", "glue/STS-B/dev.tsv"],
    },
    Task {
        name: "snli",
        their_score: "acc",
        our_score: "accuracy",
        config: "kind = \"classification\"\ntext = [\"text_a\", \"text_b\"]\nlabel = \"label\"",
        files: ["nli_10k/snli.train.jsonl", "nli_10k/snli.dev.jsonl"],
    },
    Task {
        name: "ewt",
        their_score: "acc",
        our_score: "accuracy",
        config: "kind = \"token-classification\"\nformat = \"conllu\"\nlabel = \"upos\"",
        files: ["ud_en_ewt/en_ewt-ud-train.conllu", "ud_en_ewt/en_ewt-ud-dev.conllu"],
    },
    Task {
        name: "wnut",
        their_score: "span_f1",
        our_score: "span_f1",
        config: "kind = \"token-classification\"\nformat = \"conll\"\nlabel = \"tag\"\n\
                 columns = [\"word\", \"tag\"]",
        files: ["wnut17/wnut17train.conll", "wnut17/emerging.dev.conll"],
    },
];

/// One run of the peer's script.
pub(super) fn peer(
    bench: &Bench<'_>,
    names: &[&str],
    epochs: usize,
    peer: &Peer,
    seed: u32,
) -> anyhow::Result<Sample> {
    let (model, data) = bench.folders()?;
    let mut command = bench.script(peer);
    command.arg("--data").arg(data).arg("--model").arg(model);
    command.args(["--tasks", &names.join(","), "--amp", "1"]);
    command.args(["--epochs", &asked(bench, epochs).to_string(), "--seed", &seed.to_string()]);
    command.args(["--threads", &bench.threads.to_string()]);
    let scores: Vec<_> = tasks(names)?.iter().map(|task| (task.name, task.their_score)).collect();
    sample::of_peer_training(&process::output(&mut command)?, &scores)
}

/// One run of the command, in a fresh folder.
pub(super) fn ours(bench: &Bench<'_>, names: &[&str], epochs: usize, seed: u32) -> anyhow::Result<Sample> {
    let (model, data) = bench.folders()?;
    let tasks = tasks(names)?;
    let folder = bench.scratch.join("training");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir(&folder)?;
    let (config, out) = (folder.join("config.toml"), folder.join("run"));
    fs::write(&config, text(&tasks, asked(bench, epochs), model, data)?)?;
    let mut train = std::process::Command::new(&bench.mtl);
    train.arg("train").arg(&config).arg("--out").arg(&out);
    train.args(["--seed", &seed.to_string(), "--threads", &bench.threads.to_string()]);
    process::output(&mut train)?;
    let metrics = out.join("metrics.json");
    let written =
        fs::read_to_string(&metrics).with_context(|| format!("failed to read {}", metrics.display()))?;
    let scores: Vec<_> = tasks.iter().map(|task| (task.name, task.our_score)).collect();
    sample::of_our_training(&written, &scores)
}

/// What the page must say of such a case.
pub(super) fn notes(bench: &Bench<'_>, names: &[&str], epochs: usize) -> Vec<String> {
    let scores: Vec<_> = TASKS
        .iter()
        .filter(|task| names.contains(&task.name))
        .map(|task| format!("{} {}", task.name, task.our_score))
        .collect();
    vec![format!(
        "epochs: {}; bf16, batches of 32, all batches of all tasks in random order; seconds are those of the \
         training loop on both sides: laying batches and steps, without loading, tokenization and evaluation; \
         scores on dev: {}",
        asked(bench, epochs),
        scores.join(", ")
    )]
}

fn asked(bench: &Bench<'_>, epochs: usize) -> usize {
    bench.args.epochs.map_or(epochs, |epochs| epochs as usize)
}

fn tasks(names: &[&str]) -> anyhow::Result<Vec<&'static Task>> {
    let find = |name: &&str| match TASKS.iter().find(|task| task.name == *name) {
        Some(task) => Ok(task),
        None => bail!("no task called {name}"),
    };
    names.iter().map(find).collect()
}

/// The config of a run: the peer's model, data, batch, order, rate, schedule and precision.
fn text(tasks: &[&Task], epochs: usize, model: &Path, data: &Path) -> anyhow::Result<String> {
    let (model, data) = (fs::canonicalize(model)?, fs::canonicalize(data)?);
    let quoted = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned()).to_string();
    let mut text = format!(
        "[encoder]\nfrom = {}\nmax_tokens = 128\n\n\
         [train]\nepochs = {epochs}\nbatch = 32\nlearning_rate = 5e-5\nwarmup = 0.1\nweight_decay = 0.01\n\
         precision = \"bf16\"\n\n[curriculum]\nsampler = \"round-robin-random\"\n",
        quoted(&model),
    );
    for Task { name, our_score, config, files: [train, dev], .. } in tasks {
        text += &format!(
            "\n[tasks.{name}]\n{config}\ntrain = {}\ndev = {}\nmetric = \"{our_score}\"\n",
            quoted(&data.join(train)),
            quoted(&data.join(dev)),
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_config_is_toml_with_the_budget_of_the_peer() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let all: Vec<&Task> = TASKS.iter().collect();
        let table: toml::Table = toml::from_str(&text(&all, 3, here, here).unwrap()).unwrap();
        assert_eq!(table["train"]["epochs"].as_integer(), Some(3));
        assert_eq!(table["train"]["learning_rate"].as_float(), Some(5e-5));
        assert_eq!(table["tasks"].as_table().unwrap().len(), 4);
        let train = table["tasks"]["stsb"]["train"].as_str().unwrap();
        assert!(train.ends_with("glue/STS-B/train.tsv"), "{train}");
    }

    #[test]
    fn every_case_names_known_tasks() {
        use crate::bench::cases::{Work, cases};
        for case in cases() {
            if let Work::Training { tasks: names, .. } = case.work() {
                assert_eq!(tasks(names).unwrap().len(), names.len(), "{}", case.name);
            }
        }
        assert!(tasks(&["cola"]).is_err());
    }
}
