//! Runs of every architecture, adapter and penalty: planned, trained, resumed, opened again and inspected.

mod common;

use std::fs;
use std::path::Path;

use common::{TASKS, Watcher, corpus, run};
use mtl_core_tensor::weights::WeightFile;
use mtl_train::inspect::inspect;
use mtl_train::methods::{Method, methods};
use mtl_train::{Config, EvaluateOptions, Options, Silent, TrainError, evaluate, plan};

/// A configuration of the tiny corpus with these lines of `[sharing]`, in steps of `unit`.
fn config(folder: &Path, sharing: &str, unit: &str) -> Config {
    let text = format!(
        "seed = 3\n[encoder]\nfrom = \"encoder\"\nmax_tokens = 40\n\
         [train]\nlearning_rate = 1e-3\nprecision = \"f32\"\nsteps = 5\nbatch = 9\nevaluate_every = 2\n\
         [curriculum]\nunit = \"{unit}\"\n[sharing]\n{sharing}\n{TASKS}"
    );
    Config::parse(&text, &folder.join("mtl.toml"), None).unwrap()
}

/// A method as a table, with those of these settings that it has.
fn table(method: &Method, settings: &[(&str, &str)]) -> String {
    let settings = settings.iter().filter(|(name, _)| method.keys.iter().any(|key| key.name == *name));
    let settings: String = settings.map(|(name, value)| format!(", {name} = {value}")).collect();
    format!("{{ name = \"{}\"{settings} }}", method.name)
}

/// Lines of `[sharing]` that between them name every architecture, adapter and penalty.
fn shared_ways() -> Vec<String> {
    let of = |group: &'static str| methods().into_iter().filter(move |method| method.group == group);
    let architectures = of("architecture").map(|method| format!("architecture = \"{}\"", method.name));
    let adapters = of("adapter").flat_map(|method| {
        let [all, task] =
            ["all", "task"].map(|per| table(&method, &[("per", &format!("\"{per}\"")), ("rank", "2")]));
        let by_task = method.keys.iter().any(|key| key.name == "per").then_some(task);
        [all].into_iter().chain(by_task).map(|table| format!("adapter = {table}"))
    });
    let penalties = of("penalty").map(|method| {
        format!("architecture = \"soft\"\npenalty = {}", table(&method, &[("strength", "0.1")]))
    });
    architectures.chain(adapters).chain(penalties).collect()
}

#[test]
fn every_way_of_sharing_is_planned_trained_resumed_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    for (number, (sharing, unit)) in shared_ways()
        .iter()
        .flat_map(|sharing| ["batch", "every-task"].map(|unit| (sharing, unit)))
        .enumerate()
    {
        let config = config(folder.path(), sharing, unit);
        let whole = folder.path().join(format!("whole-{number}"));
        let planned = plan(&config, &Options::new(&whole), &mut Silent).unwrap();
        assert!(planned.parameters > 0 && planned.estimate.flops > 0.0, "{sharing}");
        let summary = run(&config, &whole);
        let stopped = folder.path().join(format!("stopped-{number}"));
        Watcher::stopping_after(3).run(&config, Options::new(&stopped)).unwrap_err();
        let options = Options { resume: true, ..Options::new(&stopped) };
        Watcher::default().run(&config, options).unwrap();
        let weights = |out: &Path| fs::read(out.join("weights.safetensors")).unwrap();
        assert_eq!(weights(&whole), weights(&stopped), "{sharing}, unit {unit}");
        let scores = evaluate(&whole, &EvaluateOptions::default(), &mut Silent).unwrap();
        assert_eq!(scores, summary.metrics.tasks, "{sharing}, unit {unit}: opened again");
    }
}

/// The names of the weights that a run left.
fn names(out: &Path) -> Vec<String> {
    let file = WeightFile::open(&out.join("weights.safetensors")).unwrap();
    file.names().map(str::to_owned).collect()
}

#[test]
fn a_run_of_copies_tells_what_it_learned_and_exports_copies_that_stand_alone() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let out = folder.path().join("run");
    run(&config(folder.path(), "architecture = { name = \"cross-stitch\", own = 0.8 }", "every-task"), &out);
    let inspection = inspect(&out, &out.join("inspect.svg")).unwrap();
    assert!(inspection.shared[0].title.starts_with("cross-stitch coefficients"), "{:?}", inspection.shared);
    let (_, first) = &inspection.shared[0].rows[0];
    assert!((first[0] - 0.8).abs() < 0.05 && (first[0] - 0.8).abs() > 0.0, "moved from .8: {first:?}");
    assert!(out.join("model/config.json").is_file() && !out.join("model/model.safetensors").exists());
    let export = "model/encoders.sentiment/model.safetensors";
    assert!(!out.join(export).exists(), "a copy alone is not what was trained: the others are mixed in");
    assert!(names(&out).iter().any(|name| name.starts_with("encoders.sentiment.")));
    let soft = folder.path().join("soft");
    run(&config(folder.path(), "architecture = \"soft\"", "every-task"), &soft);
    assert!(soft.join(export).is_file() && soft.join("model/config.json").is_file());
}

#[test]
fn an_adapter_leaves_the_encoder_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let out = folder.path().join("run");
    run(&config(folder.path(), "adapter = \"lora\"", "every-task"), &out);
    let (before, after) = (folder.path().join("encoder/model.safetensors"), out.join("weights.safetensors"));
    let (before, after) = (WeightFile::open(&before).unwrap(), WeightFile::open(&after).unwrap());
    let name = "embeddings.word_embeddings.weight";
    let sizes = before.sizes(name).unwrap().to_vec();
    assert_eq!(
        before.get::<f32>(name, &sizes).unwrap(),
        after.get::<f32>(&format!("encoder.{name}"), &sizes).unwrap()
    );
    assert!(names(&out).iter().any(|name| name.contains("lora")), "{:?}", names(&out));
    assert!(!out.join("model/model.safetensors").exists(), "the encoder alone is not what was trained");
}

#[test]
fn what_does_not_go_together_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let parse = |sharing: &str, tasks: &str| {
        let text = format!(
            "[encoder]\nfrom = \"encoder\"\n[train]\nbatch = 9\n[curriculum]\nunit = \"every-task\"\n[sharing]\n{sharing}\n{tasks}"
        );
        Config::parse(&text, &folder.path().join("mtl.toml"), None).unwrap_err().to_string()
    };
    let one = TASKS.split("[tasks.word_class]").next().unwrap();
    for (sharing, tasks, message) in [
        ("architecture = \"cross-stich\"", TASKS, "did you mean `cross-stitch`?"),
        ("architecture = { name = \"cross-stitch\", owns = 1 }", TASKS, "did you mean `own`?"),
        ("architecture = { name = \"cross-stitch\", own = 2 }", TASKS, "at least 0 and at most 1"),
        ("architecture = \"cross-stitch\"", one, "there is one task only"),
        ("architecture = \"soft\"\nadapter = \"lora\"", TASKS, "each task has its own"),
        ("penalty = { name = \"l2\", strength = 1 }", TASKS, "there is one encoder"),
        ("gradients = { name = \"cagrad\", cc = 0.4 }", TASKS, "sharing.gradients.cc"),
    ] {
        let error = parse(sharing, tasks);
        assert!(error.contains(message) && error.contains("mtl.toml:"), "{sharing}: {error}");
    }
    let nothing = config(folder.path(), "architecture = \"soft\"\ngradients = \"pcgrad\"", "every-task");
    let error = plan(&nothing, &Options::new(folder.path()), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("they share none"), "{error}");
    assert_eq!(error.exit_code(), 2);
    assert!(matches!(error, TrainError::Setting { .. }), "{error:?}");
}

#[test]
fn a_method_with_settings_is_a_table_or_stands_flat() {
    let folder = tempfile::tempdir().unwrap();
    let flat = config(folder.path(), "gradients = \"cagrad\"\nc = 0.3", "every-task");
    let table = config(folder.path(), "gradients = { name = \"cagrad\", c = 0.3 }", "every-task");
    assert_eq!(flat.sharing, table.sharing);
    let again = Config::parse(&table.to_toml(), &folder.path().join("mtl.toml"), None).unwrap();
    assert_eq!(again.sharing, table.sharing);
    let stitched = config(folder.path(), "architecture = { name = \"cross-stitch\", own = 0.7 }", "batch");
    let again = Config::parse(&stitched.to_toml(), &folder.path().join("mtl.toml"), None).unwrap();
    assert_eq!(again.sharing, stitched.sharing);
    // The baseline of one task alone shares with nobody.
    let alone = stitched.single_task(0);
    assert_eq!((alone.sharing.architecture.name(), alone.sharing.penalties.len()), ("hard", 0));
}
