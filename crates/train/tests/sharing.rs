//! Loss weightings and gradient combinings in training: every one of them runs, resumes to the same bits, and does not
//! depend on how a step is laid into packs.

mod common;

use std::fs;
use std::path::Path;

use common::{TASKS, Watcher, corpus, run, weights};
use mtl_core_tensor::weights::WeightFile;
use mtl_sharing::{GradientKind, WeightingKind};
use mtl_train::{Config, Options};

/// Two tasks that label the same texts.
const BOTH: &str = r#"
[tasks.tone]
kind = "classification"
text = "text"
label = "tone"
train = "both.jsonl"
dev = 0.25

[tasks.mark]
kind = "regression"
label = "mark"
same_examples_as = "tone"
"#;

fn both(folder: &Path) {
    let line = |i: usize| {
        let tone = if i.is_multiple_of(3) { "warm" } else { "cold" };
        format!("{{\"text\": \"the {i} dog saw a cat\", \"tone\": \"{tone}\", \"mark\": {}}}\n", i % 5)
    };
    fs::write(folder.join("both.jsonl"), (0..24).map(line).collect::<String>()).unwrap();
}

/// Steps of every task, with more lines for `[train]` and `[sharing]`.
fn sharing(folder: &Path, train: &str, keys: &str, tasks: &str) -> Config {
    let text = format!(
        "seed = 7\n[encoder]\nfrom = \"encoder\"\nmax_tokens = 40\n\
         [train]\nlearning_rate = 1e-3\nprecision = \"f32\"\n{train}\n\
         [curriculum]\nunit = \"every-task\"\n[sharing]\n{keys}\n{tasks}"
    );
    Config::parse(&text, &folder.join("mtl.toml"), None).unwrap()
}

/// Every method but the plain ones, as lines of `[sharing]`.
fn methods() -> Vec<String> {
    let weightings = WeightingKind::ALL.iter().map(|kind| format!("weighting = \"{kind}\""));
    let gradients = GradientKind::ALL.iter().map(|kind| format!("gradients = \"{kind}\""));
    weightings
        .chain(gradients)
        .filter(|line| !line.contains("\"fixed\"") && !line.contains("mgda-ub"))
        .collect()
}

/// Every number of a file.
fn numbers(path: &Path) -> Vec<f64> {
    let file = WeightFile::open(path).unwrap();
    let values = |name| file.get::<f64>(name, file.sizes(name).unwrap()).unwrap();
    file.names().flat_map(values).collect()
}

/// Every number that a run learned: the encoder's, then the heads'.
fn learned(out: &Path) -> Vec<f64> {
    numbers(&out.join("weights.safetensors"))
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

#[test]
fn every_method_resumes_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    both(folder.path());
    let train = "steps = 5\nevaluate_every = 2\nbatch = 9";
    let mut configs: Vec<(String, Config)> = methods()
        .into_iter()
        .map(|keys| (keys.clone(), sharing(folder.path(), train, &keys, TASKS)))
        .collect();
    for keys in ["gradients = \"mgda-ub\"", "gradients = \"pcgrad\""] {
        let train = train.replace("batch = 9", "batch = 8");
        configs.push((format!("{keys} of both"), sharing(folder.path(), &train, keys, BOTH)));
    }
    for (number, (keys, config)) in configs.iter().enumerate() {
        let (whole, out) =
            (folder.path().join(format!("{number}")), folder.path().join(format!("{number}-stopped")));
        run(config, &whole);
        Watcher::stopping_after(3).run(config, Options::new(&out)).unwrap_err();
        let options = Options { resume: true, ..Options::new(&out) };
        Watcher::default().run(config, options).unwrap();
        assert!(weights(&out) == weights(&whole), "{keys}");
        let history = fs::read_to_string(whole.join("history.jsonl")).unwrap();
        assert!(!history.contains("null"), "{keys}: {history}");
    }
}

#[test]
fn a_run_that_is_interrupted_before_its_first_step_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    // CoBa looks at the dev sets before the first step.
    let keys = "weighting = \"coba\"\nwindow = 2\nwarmup = 2";
    let config = sharing(folder.path(), "steps = 6\nevaluate_every = 1\nbatch = 9", keys, TASKS);
    let (whole, out) = (folder.path().join("whole"), folder.path().join("stopped"));
    run(&config, &whole);
    let mut at_once = Watcher { flag: true.into(), ..Watcher::default() };
    at_once.run(&config, Options::new(&out)).unwrap_err();
    Watcher::default().run(&config, Options { resume: true, ..Options::new(&out) }).unwrap();
    assert!(weights(&out) == weights(&whole));
}

#[test]
fn packs_do_not_change_what_is_learned() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    both(folder.path());
    let cases = [
        ("weighting = \"gradnorm\"", TASKS),
        ("weighting = \"uncertainty\"", TASKS),
        ("measure_every = 1", TASKS),
        ("gradients = \"pcgrad\"", TASKS),
        ("gradients = \"cagrad\"", TASKS),
        ("gradients = \"grad-drop\"", TASKS),
        ("gradients = \"sdmgrad\"", TASKS),
        ("gradients = \"upgrad\"", BOTH),
        ("gradients = \"mgda-ub\"", BOTH),
    ];
    for (number, (keys, tasks)) in cases.into_iter().enumerate() {
        let learn = |pack_tokens: usize| {
            let batch = if tasks == TASKS { 9 } else { 8 };
            let train = format!(
                "steps = 2\nbatch = {batch}\npack_tokens = {pack_tokens}\noptimizer = \"sgd\"\nmomentum = 0.0"
            );
            let config = sharing(folder.path(), &train, keys, tasks);
            let out = folder.path().join(format!("{number}-{pack_tokens}"));
            run(&config, &out);
            learned(&out)
        };
        let (one, several) = (learn(8192), learn(40));
        let size = distance(&one, &vec![0.0; one.len()]);
        assert!(distance(&one, &several) < 1e-6 * size, "{keys}: {}", distance(&one, &several) / size);
    }
}

/// The weights that the first step of a run used.
fn first_weights(out: &Path) -> Vec<(String, f64)> {
    let history = fs::read_to_string(out.join("history.jsonl")).unwrap();
    let step: serde_json::Value = serde_json::from_str(history.lines().next().unwrap()).unwrap();
    let weights = step["weights"].as_object().unwrap();
    weights.iter().map(|(task, weight)| (task.clone(), weight.as_f64().unwrap())).collect()
}

#[test]
fn a_step_is_that_of_a_sum_with_the_weights_it_reports() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    // One plain step without clipping, so that a weight is seen in full.
    let train = "steps = 1\nbatch = 9\nwarmup = 0.0\nschedule = \"constant\"\nclip = 0.0\noptimizer = \"sgd\"\nmomentum = 0.0";
    let run_of = |name: String, keys: &str| {
        let out = folder.path().join(name);
        run(&sharing(folder.path(), train, keys, TASKS), &out);
        out
    };
    for (number, (keys, heads_too)) in [
        ("weighting = \"geometric\"", true),
        ("weighting = \"uncertainty\"", true),
        ("gradients = \"mgda\"", false),
        ("gradients = \"pcgrad\"", false),
    ]
    .into_iter()
    .enumerate()
    {
        let method = run_of(format!("{number}"), keys);
        let weights = first_weights(&method);
        assert!(weights.iter().any(|(_, weight)| (weight - 1.0).abs() > 1e-3), "{keys}: {weights:?}");
        let fixed: Vec<String> =
            weights.iter().map(|(task, weight)| format!("{task} = {weight:?}")).collect();
        let same = run_of(format!("{number}-fixed"), &format!("weights = {{ {} }}", fixed.join(", ")));
        let (ours, theirs) = (learned(&method), learned(&same));
        // A combining leaves each head its own gradient; the encoder comes first.
        let encoder = numbers(&method.join("model/model.safetensors")).len();
        let compared = if heads_too { ours.len() } else { encoder };
        let plain = learned(&run_of(format!("{number}-plain"), ""));
        let (off, moved) = (
            distance(&ours[..compared], &theirs[..compared]),
            distance(&ours[..compared], &plain[..compared]),
        );
        assert!(off < 1e-3 * moved, "{keys}: {off} off, {moved} from the plain step");
    }
}

#[test]
fn a_combining_leaves_each_head_its_own_gradient() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let train = "steps = 1\nbatch = 9\nwarmup = 0.0\nschedule = \"constant\"\nclip = 0.0\noptimizer = \"sgd\"\nmomentum = 0.0";
    let heads_of = |name: &str, keys: &str| {
        let out = folder.path().join(name);
        run(&sharing(folder.path(), train, keys, TASKS), &out);
        let encoder = numbers(&out.join("model/model.safetensors")).len();
        learned(&out).split_off(encoder)
    };
    let plain = heads_of("plain", "");
    for method in ["pcgrad", "grad-drop", "upgrad"] {
        let keys = format!("gradients = \"{method}\"\nweights = {{ sentiment = 5.0, similarity = 0.5 }}");
        let off = distance(&heads_of(method, &keys), &plain);
        assert!(off < 1e-6, "{method}: {off}");
    }
}

#[test]
fn a_weighting_that_a_run_is_too_short_for_is_told() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let warned = |train: &str, keys: &str| {
        let config = sharing(folder.path(), train, keys, TASKS);
        let plan = mtl_train::plan(&config, &Options::new(folder.path()), &mut mtl_train::Silent).unwrap();
        plan.warnings.into_iter().find(|warning| warning.contains("weighs equally"))
    };
    let warning = warned("epochs = 2\nbatch = 9", "weighting = \"dwa\"").unwrap();
    assert!(warning.contains("(the third epoch)"), "{warning}");
    assert_eq!(warned("epochs = 3\nbatch = 9", "weighting = \"dwa\""), None);
    assert_eq!(warned("epochs = 2\nbatch = 9", "weighting = \"dwa\"\ninterval = 2"), None);
    assert!(warned("epochs = 2\nbatch = 9", "weighting = \"coba\"").is_some());
    assert_eq!(warned("epochs = 2\nbatch = 9\nevaluate_every = 2", "weighting = \"coba\""), None);
}

#[test]
fn measuring_changes_nothing_but_the_history() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let learn = |every: u64| {
        let train = "steps = 3\nbatch = 9\noptimizer = \"sgd\"\nmomentum = 0.0";
        let config = sharing(folder.path(), train, &format!("measure_every = {every}"), TASKS);
        let out = folder.path().join(format!("{every}"));
        run(&config, &out);
        (learned(&out), fs::read_to_string(out.join("history.jsonl")).unwrap())
    };
    let ((plain, unseen), (measured, seen)) = (learn(0), learn(2));
    assert!(distance(&plain, &measured) < 1e-6 * distance(&plain, &vec![0.0; plain.len()]));
    assert_eq!((unseen.matches("cosines").count(), seen.matches("cosines").count()), (0, 2));
    assert_eq!(seen.matches("\"first\":\"sentiment\",\"second\":\"word_class\"").count(), 2);
}

#[test]
fn tasks_that_cannot_be_compared_are_named() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = sharing(folder.path(), "steps = 2\nbatch = 9", "gradients = \"mgda-ub\"", TASKS);
    let error = Watcher::default().run(&config, Options::new(folder.path().join("out"))).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert_eq!(
        error.to_string(),
        "sharing.gradients = \"mgda-ub\" compares tasks at the encoder's output, which needs tasks that label the same \
         sequences and all read sequences or all read words; `sentiment` and `word_class` do not (see same_examples_as)"
    );
}
