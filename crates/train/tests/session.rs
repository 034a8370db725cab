//! Runs on a tiny corpus: the same bits however they are made, and what they leave.

mod common;

use std::fs;
use std::path::Path;

use common::{TASKS, Watcher, config, corpus, run, weights};
use mtl_core_tensor::weights::WeightFile;
use mtl_train::run_folder::RunFolder;
use mtl_train::{Options, TrainError};

/// The history without its seconds.
fn history(out: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(out.join("history.jsonl")).unwrap();
    let lines = text.lines().map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("seconds");
        line
    });
    lines.collect()
}

#[test]
fn resume_continues_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let units = [
        ("precision = \"f32\"\nsteps = 9\nevaluate_every = 4\nkeep = \"best\"", "sampler = \"uniform\""),
        ("precision = \"bf16\"\nsteps = 7\nevaluate_every = 3", "unit = \"sequence\""),
        (
            "precision = \"f32\"\nevaluate_every = 3",
            "sampler = \"annealed\"\n[[curriculum.stages]]\ntasks = [\"similarity\"]\nsteps = 3\n\
             [[curriculum.stages]]\nunit = \"every-task\"\nsteps = 4",
        ),
    ];
    for (number, (train, curriculum)) in units.into_iter().enumerate() {
        let config = config(folder.path(), train, curriculum, TASKS);
        let whole = folder.path().join(format!("whole-{number}"));
        let summary = run(&config, &whole);
        for stop in [1, 4, 6] {
            let out = folder.path().join(format!("stopped-{number}-{stop}"));
            let error = Watcher::stopping_after(stop).run(&config, Options::new(&out)).unwrap_err();
            assert!(matches!(error, TrainError::Interrupted { step } if step == stop), "{error}");
            assert_eq!(error.exit_code(), 130);
            // A step that was noted but not saved is forgotten.
            let mut lines = fs::read(out.join("history.jsonl")).unwrap();
            lines.extend(b"{\"step\":99}\n");
            fs::write(out.join("history.jsonl"), lines).unwrap();
            let options = Options { resume: true, ..Options::new(&out) };
            let mut watcher = Watcher::default();
            let resumed = watcher.run(&config, options.clone()).unwrap();
            assert!(watcher.messages.contains(&format!("resumed after step {stop}")));
            assert_eq!(weights(&out), weights(&whole));
            assert_eq!(history(&out), history(&whole));
            assert_eq!(
                (&resumed.metrics.tasks, resumed.kept_step),
                (&summary.metrics.tasks, summary.kept_step)
            );
            assert_eq!(resumed.metrics.tokens, summary.metrics.tokens);
            assert!(watcher.run(&config, options).unwrap().finished_before);
        }
    }
}

#[test]
fn packs_are_chosen_at_the_first_start_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let with =
        |limit: &str| config(folder.path(), &format!("steps = 4\nmemory_limit = \"{limit}\""), "", TASKS);
    let chosen = |out: &Path| RunFolder::new(out).read_config().unwrap().train.pack_tokens;
    let (plenty, scarce) = (folder.path().join("plenty"), folder.path().join("scarce"));
    run(&with("1 TiB"), &plenty);
    assert_eq!(chosen(&plenty), Some(8192));
    let stopped = Watcher::stopping_after(2).run(&with("1 B"), Options::new(&scarce));
    assert!(matches!(stopped, Err(TrainError::Interrupted { .. })), "{stopped:?}");
    let packs = chosen(&scarce);
    assert!(packs.is_some_and(|tokens| (40..8192).contains(&tokens)), "{packs:?}");
    let resumed = Options { resume: true, ..Options::new(&scarce) };
    Watcher::default().run(&with("1 TiB"), resumed).unwrap();
    assert_eq!(chosen(&scarce), packs);
}

#[test]
fn a_run_that_may_not_fit_says_so_with_both_numbers() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 4\nmemory_limit = \"3 MiB\"", "", TASKS);
    let options = Options { cache: Some(folder.path().join("cache")), ..Options::default() };
    let plan = mtl_train::plan(&config, &options, &mut mtl_train::Silent).unwrap();
    let expected =
        format!("the run may need {:.0} MiB of memory, and there are 3 ", plan.estimate.memory_mib);
    assert!(plan.warnings.iter().any(|warning| warning.starts_with(&expected)), "{:?}", plan.warnings);
}

#[test]
fn threads_do_not_change_bits() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 6", "unit = \"every-task\"", TASKS);
    let made = [1, 2, 3].map(|threads| {
        let out = folder.path().join(format!("threads-{threads}"));
        let options = Options { threads: Some(threads), ..Options::new(&out) };
        Watcher::default().run(&config, options).unwrap();
        (weights(&out), history(&out))
    });
    assert!(made[0] == made[1] && made[1] == made[2]);
}

#[test]
fn a_cache_that_cannot_be_written_is_told_once_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 2", "", TASKS);
    let usual = folder.path().join("usual");
    run(&config, &usual);
    // A folder cannot be made below a file, whoever the user is.
    let cache = Some(folder.path().join("vocab.txt/cache"));
    let mut watcher = Watcher::default();
    let out = folder.path().join("without");
    watcher.run(&config, Options { cache, ..Options::new(&out) }).unwrap();
    let told: Vec<&String> = watcher.messages.iter().filter(|text| text.contains("cache")).collect();
    assert_eq!(told.len(), 1, "{:?}", watcher.messages);
    assert!(told[0].starts_with("warning: ") && told[0].ends_with("; going on without it"), "{}", told[0]);
    assert_eq!(weights(&out), weights(&usual));
}

/// The name, the step of the stop and the step of the best evaluation of every task that has stopped.
fn stops(messages: &[String]) -> Vec<(String, u64, u64)> {
    let parse = |message: &String| {
        let rest = message.strip_prefix("task `")?;
        let (task, rest) = rest.split_once("` has stopped after step ")?;
        let (stopped, best) = rest.split_once(", back to step ")?;
        Some((task.to_owned(), stopped.parse().unwrap(), best.parse().unwrap()))
    };
    messages.iter().filter_map(parse).collect()
}

/// What a checkpoint holds of the parameters whose names begin so, with the optimizer's moments of them.
fn saved(out: &Path, step: u64, prefix: &str) -> Vec<(String, Vec<f32>)> {
    let file = WeightFile::open(&out.join(format!("checkpoint/step-{step}.safetensors"))).unwrap();
    let holds = |name: &&str| name.splitn(3, '/').last().is_some_and(|name| name.starts_with(prefix));
    let names: Vec<&str> = file.names().filter(holds).collect();
    let values =
        names.into_iter().map(|name| (name.to_owned(), file.get(name, file.sizes(name).unwrap()).unwrap()));
    values.collect()
}

#[test]
fn a_task_that_stops_goes_back_to_its_best_and_resumes_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let curricula = [
        "unit = \"every-task\"\nstopping = { name = \"patience\", patience = 2 }",
        "sampler = \"round-robin\"\nstopping = { name = \"patience\", patience = 2, freed = \"nothing\" }",
    ];
    // Its accuracy hardly moves, while the losses of the others fall.
    let tasks = TASKS.replace("\n\n", "\nmetric = \"loss\"\n\n").replacen("metric = \"loss\"\n", "", 1);
    for (number, curriculum) in curricula.into_iter().enumerate() {
        let train = "precision = \"f32\"\nsteps = 24\nevaluate_every = 2";
        let config = config(folder.path(), train, curriculum, &tasks);
        let in_folder = |name: &str| folder.path().join(format!("{name}-{number}"));
        let mut whole = Watcher::default();
        let summary = whole.run(&config, Options::new(in_folder("whole"))).unwrap();
        let stops = stops(&whole.messages);
        let (task, stopped, best) = stops.first().unwrap_or_else(|| panic!("{:?}", whole.messages));
        assert!(best < stopped && *stopped < summary.metrics.steps, "{stops:?}");

        let interrupted = |name: &str, stop| {
            let out = in_folder(name);
            let error = Watcher::stopping_after(stop).run(&config, Options::new(&out)).unwrap_err();
            assert!(matches!(error, TrainError::Interrupted { step } if step >= stop), "{error}");
            let TrainError::Interrupted { step } = error else { unreachable!() };
            (out, step)
        };
        // Its head, and what the optimizer knows of it, are those of its best evaluation from then on.
        let head = format!("heads.{task}.");
        let (at_best, step) = interrupted("at-best", *best);
        let expected = saved(&at_best, step, &head);
        let (after, step) = interrupted("after", stopped + 1);
        assert!(expected.len() >= 4 * 2 && saved(&after, step, &head) == expected);
        assert_ne!(saved(&after, step, "encoder."), saved(&at_best, *best, "encoder."), "the others go on");

        let (before, _) = interrupted("before", stopped - 1);
        for out in [at_best, before, after] {
            let resumed =
                Watcher::default().run(&config, Options { resume: true, ..Options::new(&out) }).unwrap();
            assert!(weights(&out) == weights(&in_folder("whole")));
            assert_eq!(history(&out), history(&in_folder("whole")));
            assert_eq!(resumed.metrics.tasks, summary.metrics.tasks);
            let left = fs::read_dir(out.join("checkpoint")).unwrap().count();
            assert_eq!(left, 1, "no tensors are left of a finished run");
        }
    }
}

#[test]
fn a_task_alone_goes_back_with_its_encoder_and_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let alone = TASKS.split("[tasks.word_class]").next().unwrap();
    // No score improves by so much, so the best evaluation is the first.
    let stopping = "stopping = { name = \"patience\", patience = 2, min_delta = 9 }";
    let train = "precision = \"f32\"\nsteps = 20\nevaluate_every = 2";
    let config = config(folder.path(), train, stopping, alone);
    let (whole, at_best) = (folder.path().join("whole"), folder.path().join("at best"));
    let summary = run(&config, &whole);
    assert_eq!((summary.metrics.steps, summary.kept_step), (6, 6));
    let evaluations: Vec<_> =
        history(&whole).into_iter().filter_map(|line| line.get("evaluation").cloned()).collect();
    assert_eq!(evaluations.len(), 3);
    assert_eq!(evaluations[0], evaluations[2], "the scores are those of the weights that are left");
    Watcher::stopping_after(2).run(&config, Options::new(&at_best)).unwrap_err();
    let heads = WeightFile::open(&whole.join("weights.safetensors")).unwrap();
    let expected = saved(&at_best, 2, "heads.sentiment.");
    for (name, values) in expected.iter().filter(|(name, _)| name.starts_with("model/")) {
        let name = name.strip_prefix("model/").unwrap();
        assert_eq!(&heads.get::<f32>(name, heads.sizes(name).unwrap()).unwrap(), values);
    }
}
