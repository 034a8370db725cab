//! The `multitask` cases: STS-B from files to scores, with the same budget on both sides.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use super::Bench;
use crate::bench::cases::{Case, Work};
use crate::bench::sample::{self, Sample};
use crate::{process, workspace};

/// One run of the peer's script.
pub(super) fn peer(bench: &Bench<'_>, case: &Case, seed: u32) -> anyhow::Result<Sample> {
    let (model, data) = folders(bench)?;
    let mut command = bench.script(case);
    command.arg("--data").arg(data).arg("--model").arg(model);
    command.args(["--tasks", "stsb", "--amp", "1", "--epochs", &epochs(case).to_string()]);
    command.args(["--seed", &seed.to_string(), "--threads", &bench.threads.to_string()]).args(case.peer);
    sample::of_peer_training(&process::output(&mut command)?)
}

/// One run of the command, in a fresh folder.
pub(super) fn ours(bench: &Bench<'_>, case: &Case, seed: u32) -> anyhow::Result<Sample> {
    let (model, data) = folders(bench)?;
    let folder = workspace::scratch(&workspace::metadata()?, "peers")?;
    fs::remove_dir_all(&folder)?;
    fs::create_dir(&folder)?;
    let config = folder.join("stsb.toml");
    fs::write(&config, text(epochs(case), model, data)?)?;
    let out = folder.join("run");
    let mut train = Command::new(&bench.mtl);
    train.arg("train").arg(&config).arg("--out").arg(&out);
    train.args(["--seed", &seed.to_string(), "--threads", &bench.threads.to_string()]);
    process::output(&mut train)?;
    let metrics = out.join("metrics.json");
    let written =
        fs::read_to_string(&metrics).with_context(|| format!("failed to read {}", metrics.display()))?;
    sample::of_our_training(&written)
}

fn folders<'a>(bench: &'a Bench<'_>) -> anyhow::Result<(&'a Path, &'a Path)> {
    let model = bench.args.model.as_deref().context("--model is needed")?;
    let data = bench.args.data.as_deref().context("--data is needed")?;
    Ok((model, data))
}

fn epochs(case: &Case) -> usize {
    match case.work {
        Work::Training { epochs } => epochs,
        Work::Step { .. } | Work::Metrics => 0,
    }
}

/// The config of a run: the peer's model, data, batch, rate, schedule and precision.
fn text(epochs: usize, model: &Path, data: &Path) -> anyhow::Result<String> {
    let (model, data) = (fs::canonicalize(model)?, fs::canonicalize(data)?);
    let quoted = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned()).to_string();
    let sts = data.join("glue").join("STS-B");
    Ok(format!(
        "[encoder]\nfrom = {}\nmax_tokens = 128\n\n\
         [train]\nepochs = {epochs}\nbatch = 32\nlearning_rate = 5e-5\nwarmup = 0.1\nweight_decay = 0.01\n\
         precision = \"bf16\"\n\n\
         [tasks.similarity]\nkind = \"regression\"\nscale = [0, 5]\ntext = [\"sentence1\", \"sentence2\"]\n\
         label = \"score\"\ntrain = {}\ndev = {}\nmetric = \"pearson\"\n",
        quoted(&model),
        quoted(&sts.join("train.tsv")),
        quoted(&sts.join("dev.tsv")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_config_is_toml_with_the_budget_of_the_peer() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let table: toml::Table = toml::from_str(&text(3, here, here).unwrap()).unwrap();
        assert_eq!(table["train"]["epochs"].as_integer(), Some(3));
        assert_eq!(table["train"]["learning_rate"].as_float(), Some(5e-5));
        let train = table["tasks"]["similarity"]["train"].as_str().unwrap();
        assert!(train.ends_with("glue/STS-B/train.tsv"), "{train}");
    }
}
