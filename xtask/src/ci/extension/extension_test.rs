//! Runs of a sample of each group of methods: planned, trained, interrupted, resumed, opened again and inspected.

mod common;

use std::fs;
use std::path::Path;

use common::{TASKS, Watcher, corpus};
use mtl_train::inspect::inspect;
use mtl_train::methods::{GROUPS, Method, methods};
use mtl_train::{Config, EvaluateOptions, Options, Silent, TrainError, evaluate, plan};

/// The groups that have no sample: a weighting still needs a variant of `WeightingConfig` beside its row.
const WITHOUT_SAMPLE: &[&str] = &["weighting"];

/// A configuration that names a sample, with the defaults of its settings. The sample of a stopping rule ends the run
/// after three evaluations.
fn config(folder: &Path, sample: &Method) -> Config {
    let name = sample.name;
    let encoder = if sample.group == "encoder" { name } else { "encoder" };
    let steps = if sample.group == "stopping" { 9 } else { 3 };
    let (curriculum, sharing) = match sample.group {
        "encoder" => (String::new(), String::new()),
        "sampler" | "stopping" => (format!("{} = \"{name}\"", sample.group), String::new()),
        "penalty" => (String::new(), format!("architecture = \"soft\"\npenalty = \"{name}\"")),
        "gradients" => ("unit = \"every-task\"".to_owned(), format!("gradients = \"{name}\"")),
        group => (String::new(), format!("{group} = \"{name}\"")),
    };
    let text = format!(
        "seed = 3\n[encoder]\nfrom = \"{encoder}\"\nmax_tokens = 40\n\
         [train]\nlearning_rate = 1e-3\nprecision = \"f32\"\nsteps = {steps}\nbatch = 9\nevaluate_every = 1\n\
         [curriculum]\n{curriculum}\n[sharing]\n{sharing}\n{TASKS}"
    );
    Config::parse(&text, &folder.join("mtl.toml"), None).unwrap()
}

/// The encoder of the corpus as one of another family.
fn encoder_of(folder: &Path, family: &str) {
    let (from, to) = (folder.join("encoder"), folder.join(family));
    fs::create_dir(&to).unwrap();
    for file in ["model.safetensors", "vocab.txt"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    let text = fs::read_to_string(from.join("config.json")).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&text).unwrap();
    config["model_type"] = family.into();
    config.as_object_mut().unwrap().remove("architectures");
    fs::write(to.join("config.json"), config.to_string()).unwrap();
}

#[test]
fn a_sample_of_each_group_is_planned_trained_resumed_opened_again_and_inspected() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    for group in GROUPS.iter().filter(|group| !WITHOUT_SAMPLE.contains(group)) {
        let is_sample = |method: &Method| method.group == *group && method.name.starts_with("sample-");
        let sample = methods().into_iter().find(is_sample).unwrap_or_else(|| panic!("no sample: {group}"));
        if *group == "encoder" {
            encoder_of(folder.path(), sample.name);
        }
        goes_through(folder.path(), &sample);
    }
}

fn goes_through(folder: &Path, sample: &Method) {
    let (config, name) = (config(folder, sample), sample.name);
    let (whole, stopped) = (folder.join(format!("{name}-whole")), folder.join(format!("{name}-stopped")));
    let planned = plan(&config, &Options::new(&whole), &mut Silent).unwrap();
    assert!(planned.parameters > 0 && planned.estimate.flops > 0.0, "{name}");

    let mut watcher = Watcher::default();
    let summary = watcher.run(&config, Options::new(&whole)).unwrap();
    assert_eq!(watcher.steps, 3, "{name}");

    let error = Watcher::stopping_after(2).run(&config, Options::new(&stopped)).unwrap_err();
    assert!(matches!(error, TrainError::Interrupted { step: 2 }), "{name}: {error}");
    let resumed = Options { resume: true, ..Options::new(&stopped) };
    Watcher::default().run(&config, resumed).unwrap();
    let weights = |out: &Path| fs::read(out.join("weights.safetensors")).unwrap();
    assert!(weights(&whole) == weights(&stopped), "{name}: resumed to other bits");

    let scores = evaluate(&whole, &EvaluateOptions::default(), &mut Silent).unwrap();
    assert_eq!(scores, summary.metrics.tasks, "{name}: opened again");
    let inspection = inspect(&whole, &whole.join("inspect.svg")).unwrap();
    assert_eq!(inspection.tasks.len(), 3, "{name}");
    assert_eq!(!inspection.shared.is_empty(), sample.group == "architecture", "{name}");
}
