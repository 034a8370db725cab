//! The configuration file as users write it: what it means, what is written back, what differs.

use std::path::{Path, PathBuf};

use mtl_curriculum::sampler::ROWS;
use mtl_curriculum::{SamplerConfig, StoppingConfig, Unit};
use mtl_sharing::{GradientKind, WeightingConfig, WeightingKind};
use mtl_train::config::{
    Config, Dev, EncoderOrigin, Format, InvalidBio, Keep, Length, Optimizer, Precision, Schedule, TaskKind,
};

const FOUR_TASKS: &str = include_str!("fixtures/four_tasks.toml");

fn parse(text: &str) -> Config {
    Config::parse(text, Path::new("mtl.toml"), None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The smallest encoder and task around some lines of a task.
fn with_task(lines: &str) -> Config {
    parse(&format!("encoder.from = \"model\"\n[tasks.a]\n{lines}"))
}

#[test]
fn a_task_with_tags_says_what_becomes_of_invalid_bio() {
    let words = "kind = \"token-classification\"\nlabel = \"upos\"\ntrain = \"x.conllu\"\n";
    let kept = with_task(words);
    assert_eq!(kept.tasks[0].invalid_bio, Some(InvalidBio::Keep));
    assert!(kept.to_toml().contains("invalid_bio = \"keep\""));
    let refused = with_task(&format!("{words}invalid_bio = \"refuse\""));
    assert_eq!(refused.tasks[0].invalid_bio, Some(InvalidBio::Refuse));
    assert_eq!(kept.differences(&refused), ["tasks.a.invalid_bio"]);
    assert!(parse(FOUR_TASKS).tasks[0].invalid_bio.is_none(), "a regression has no tags");
}

#[test]
fn a_column_to_split_by_is_written_back_and_shared() {
    let a = "kind = \"classification\"\ntext = \"t\"\nlabel = \"l\"\ntrain = \"x.tsv\"\n";
    let b = "[tasks.b]\nkind = \"classification\"\nlabel = \"m\"\nsame_examples_as = \"a\"";
    let (plain, split) = (with_task(&format!("{a}{b}")), with_task(&format!("{a}split_by = \"doc\"\n{b}")));
    assert!(plain.tasks[0].examples.split_by.is_none());
    assert!(split.tasks.iter().all(|task| task.examples.split_by.as_deref() == Some("doc")));
    assert_eq!(parse(&split.to_toml()).tasks, split.tasks);
    assert_eq!(plain.differences(&split), ["tasks.a.split_by", "tasks.b.split_by"]);
}

#[test]
fn the_four_task_file_means_what_it_says() {
    let config = parse(FOUR_TASKS);
    assert_eq!(config.seed, 1);
    assert_eq!(config.encoder.origin, EncoderOrigin::From(PathBuf::from("path/to/folder")));
    assert_eq!(config.encoder.max_tokens, 128);
    assert_eq!(config.train.length, Length::Epochs(3));
    assert_eq!(config.train.batch, 32);
    assert_eq!(config.train.learning_rate, 5e-5);
    assert_eq!(config.train.precision, Precision::Bf16);
    assert_eq!(config.sharing.architecture.name(), "hard");
    assert_eq!(config.curriculum.sampler, SamplerConfig::default());
    assert_eq!(
        config.task_names().collect::<Vec<_>>(),
        ["similarity", "word_class", "entities", "entailment"],
        "the order of the file"
    );

    let [similarity, word_class, entities, entailment] = config.tasks.as_slice() else { unreachable!() };
    assert_eq!(similarity.kind, TaskKind::Regression);
    assert_eq!(similarity.examples.format, Format::Tsv);
    assert_eq!(similarity.examples.header, Some(true));
    assert_eq!(similarity.examples.text, ["sentence1", "sentence2"]);
    assert_eq!(similarity.scale, Some([0.0, 5.0]));
    assert_eq!(similarity.examples.dev, Dev::File(PathBuf::from("glue/STS-B/dev.tsv")));

    assert_eq!(word_class.kind, TaskKind::TokenClassification);
    assert_eq!(word_class.examples.format, Format::Conllu);
    assert_eq!(word_class.examples.text, ["form"]);
    assert_eq!(word_class.metric, "accuracy");

    assert_eq!(entities.examples.text, ["word"]);
    assert_eq!(entities.metric, "span_f1");

    assert_eq!(entailment.examples.format, Format::Jsonl);
    assert_eq!(entailment.metric, "accuracy");
    assert!(config.tasks.iter().all(|task| task.weight == 1.0));
}

#[test]
fn what_is_left_out_has_a_default() {
    let config = with_task("kind = 'regression'\ntext = 'a'\nlabel = 'b'\ntrain = 'x.csv.gz'");
    assert_eq!(config.seed, 0);
    assert_eq!(config.encoder.max_tokens, 128);
    assert_eq!(config.encoder.dropout, None);
    assert!(!config.encoder.checkpoint_layers);
    let train = &config.train;
    assert_eq!((train.length, train.batch, train.learning_rate), (Length::Epochs(3), 32, 5e-5));
    assert_eq!((train.schedule, train.warmup, train.weight_decay), (Schedule::Linear, 0.1, 0.01));
    assert_eq!((train.clip, train.precision, train.keep), (1.0, Precision::Bf16, Keep::Last));
    assert_eq!(train.optimizer, Optimizer::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
    assert_eq!((train.pack_tokens, train.evaluate_every, train.checkpoint_minutes), (None, None, 5.0));
    assert_eq!(config.sharing.weighting, WeightingConfig::Equal);
    assert_eq!(config.curriculum.unit, Unit::Batch);
    assert_eq!(config.curriculum.stopping, StoppingConfig::default());
    assert!(config.curriculum.stages.is_empty());
    let task = &config.tasks[0];
    assert_eq!((task.metric.as_str(), task.scale, task.weight), ("pearson", None, 1.0));
    assert_eq!((task.examples.format, &task.examples.dev), (Format::Csv, &Dev::Fraction(0.1)));
}

#[test]
fn several_labels_and_words_in_one_cell_have_a_separator() {
    let labels = with_task("kind = 'multi-label'\ntext = 'a'\nlabel = 'b'\ntrain = 'x.tsv'");
    assert_eq!(labels.tasks[0].separator.as_deref(), Some(","));
    assert_eq!(labels.tasks[0].metric, "micro_f1");
    let words = with_task("kind = 'token-classification'\ntext = 'a'\nlabel = 'b'\ntrain = 'x.tsv'");
    assert_eq!(words.tasks[0].separator.as_deref(), Some(" "));
}

#[test]
fn columns_stand_in_for_a_header() {
    let lines = "kind = 'classification'\ntext = 'a'\nlabel = 'b'\ntrain = 'x.tsv'\ncolumns = ['b', 'a']";
    assert_eq!(with_task(lines).tasks[0].examples.header, Some(false));
    let config = with_task(&format!("{lines}\nheader = true"));
    assert_eq!(config.tasks[0].examples.header, Some(true));
}

#[test]
fn extra_metrics_are_kept_once() {
    let config = with_task(
        "kind = 'classification'\ntext = 'a'\nlabel = 'b'\ntrain = 'x.tsv'\n\
         metric = 'f1'\nmetrics = ['accuracy', 'f1', 'accuracy', 'loss']",
    );
    assert_eq!(config.tasks[0].metrics, ["accuracy", "loss"]);
}

const SLOTS_AND_INTENT: &str = r#"
encoder.from = "model"

[tasks.intent]
kind = "classification"
same_examples_as = "slots"
label = "intent"

[tasks.slots]
kind = "token-classification"
text = "tokens"
label = "slots"
train = "snips/train.jsonl"
dev = "snips/dev.jsonl"
test = "snips/test.jsonl"
"#;

#[test]
fn tasks_on_the_same_examples_name_the_files_once() {
    let config = parse(SLOTS_AND_INTENT);
    assert_eq!(config.tasks[0].examples, config.tasks[1].examples);
    assert_eq!(config.tasks[0].same_examples_as.as_deref(), Some("slots"));
    assert_eq!(config.tasks[0].label, "intent");
}

#[test]
fn weights_can_be_written_in_either_place() {
    let task = |name: &str, more: &str| {
        format!("[tasks.{name}]\nkind = 'regression'\ntext = 'a'\nlabel = 'b'\ntrain = 'x.csv'\n{more}\n")
    };
    let tasks = [task("a", "weight = 0.5"), task("b", "")].concat();
    let in_tasks = parse(&format!("encoder.from = 'model'\n{tasks}"));
    let in_sharing = parse(&format!(
        "encoder.from = 'model'\nsharing.weights = {{ a = 0.5 }}\n{}{}",
        task("a", ""),
        task("b", "")
    ));
    assert_eq!(in_tasks, in_sharing);
    assert_eq!(in_tasks.sharing.weighting, WeightingConfig::Fixed);
    assert_eq!(in_tasks.tasks.iter().map(|task| task.weight).collect::<Vec<_>>(), [0.5, 1.0]);
}

#[test]
fn relative_paths_start_from_the_last_folder_that_is_named() {
    let text = |data: &str| format!("{data}\n{FOUR_TASKS}");
    let folder = |text: &str, data: Option<&str>| {
        Config::parse(text, Path::new("/runs/mtl.toml"), data.map(Path::new)).unwrap().data
    };
    assert_eq!(folder(&text(""), None), Path::new("/runs"));
    assert_eq!(folder(&text("data = 'corpora'"), None), Path::new("/runs/corpora"));
    assert_eq!(folder(&text("data = 'corpora'"), Some("/elsewhere")), Path::new("/elsewhere"));

    let config = Config::parse(FOUR_TASKS, Path::new("/runs/mtl.toml"), None).unwrap();
    assert_eq!(config.path(Path::new("a/b.tsv")), Path::new("/runs/a/b.tsv"));
    assert_eq!(config.path(Path::new("/a/b.tsv")), Path::new("/a/b.tsv"));
    let here = Config::parse(FOUR_TASKS, Path::new("mtl.toml"), None).unwrap();
    assert_eq!(here.data, std::env::current_dir().unwrap());
}

#[test]
fn the_resolved_configuration_reads_back_as_itself() {
    let everything = r#"
seed = 18446744073709551615
[encoder]
preset = "bert-mini"
tokenizer = "tokenizer.json"
dropout = 0.0
checkpoint_layers = true
[train]
steps = 500
batch = 4
schedule = "cosine"
optimizer = "sgd"
momentum = 0.5
pack_tokens = 4096
memory_limit = "1.5 GiB"
evaluate_every = 100
keep = "best"
label_smoothing = 0.1
[curriculum]
sampler = "round-robin-random"
unit = "every-task"
[tasks.z]
kind = "multi-label"
text = ["a \"quoted\" name", "b"]
label = "c"
separator = "|"
missing = ["", "-"]
train = "x.csv"
dev = 0.2
weight = 2
metrics = ["loss"]
[tasks.a]
kind = "classification"
label = "d"
same_examples_as = "z"
metric = "matthews"
"#;
    for text in [FOUR_TASKS, everything, SLOTS_AND_INTENT] {
        let config = parse(text);
        let written = config.to_toml();
        let read = Config::parse(&written, Path::new("/another/folder/config.toml"), None)
            .unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(read, config);
        assert_eq!(read.to_toml(), written);
    }
}

#[test]
fn methods_of_sharing_read_back_with_their_keys() {
    let with = |keys: &str| FOUR_TASKS.replace("architecture = \"hard\"", keys);
    for kind in WeightingKind::ALL {
        for gradients in GradientKind::ALL {
            if *kind == WeightingKind::GradNorm && *gradients != GradientKind::Sum {
                continue;
            }
            let text = with(&format!("weighting = \"{kind}\"\ngradients = \"{gradients}\""))
                .replace("[curriculum]", "[curriculum]\nunit = \"every-task\"");
            let config = parse(&text);
            assert_eq!((config.sharing.weighting.kind(), config.sharing.gradients.kind), (*kind, *gradients));
            let written = config.to_toml();
            let read = Config::parse(&written, Path::new("/another/config.toml"), None)
                .unwrap_or_else(|error| panic!("{error}\n{written}"));
            assert_eq!(read, config);
            let shared = kind.keys().iter().any(|a| gradients.keys().iter().any(|b| a.name == b.name));
            assert!(!shared, "{kind} and {gradients} have a key of one name");
        }
    }
}

#[test]
fn curricula_read_back_with_their_keys_and_stages() {
    let with = |lines: &str| FOUR_TASKS.replace("sampler = \"proportional\"", lines);
    let names = ROWS.iter().map(|row| format!("sampler = \"{}\"", row.method.name));
    let stages = "sampler = { name = \"annealed\" }\nstopping = { name = \"patience\", patience = 2, freed = \"nothing\" }\n\
                  [[curriculum.stages]]\ntasks = [\"entailment\", \"similarity\"]\nunit = \"every-task\"\nsteps = 9\n\
                  [[curriculum.stages]]\nsampler = { name = \"temperature\", temperature = 4, cap = 1000 }";
    for lines in names.chain([stages.to_owned()]) {
        let config = parse(&with(&lines));
        let written = config.to_toml();
        let read = Config::parse(&written, Path::new("/another/config.toml"), None)
            .unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(read, config);
        assert!(read.differences(&config).is_empty());
    }
    let config = parse(&with(stages));
    assert_eq!(config.curriculum.stopping.settings().whole("patience"), 2);
    let [first, second] = config.curriculum.stages.as_slice() else { panic!("two stages") };
    assert_eq!(
        (first.tasks.clone(), first.length),
        (vec!["similarity".into(), "entailment".into()], Length::Steps(9))
    );
    assert_eq!((first.sampler.name(), first.unit), ("annealed", Unit::EveryTask));
    assert_eq!((second.tasks.len(), second.length, second.unit), (4, Length::Epochs(3), Unit::Batch));
    assert_eq!(
        (second.sampler.settings().number("temperature"), second.sampler.settings().whole("cap")),
        (4.0, 1000)
    );
    assert!(config.single_task(0).curriculum.stages.is_empty());
    let left = config.without_task(0).without_task(2).curriculum.stages;
    assert_eq!(
        left.iter().map(|stage| stage.tasks.len()).collect::<Vec<_>>(),
        [2],
        "a stage of no task is left out"
    );
}

#[test]
fn the_resolved_configuration_writes_every_default_out() {
    let written = parse(FOUR_TASKS).to_toml();
    for line in [
        "schedule = \"linear\"",
        "optimizer = \"adamw\"",
        "epsilon = 0.00000001",
        "weighting = \"equal\"",
        "sampler = \"proportional\"",
        "unit = \"batch\"",
        "stopping = \"none\"",
        "[tasks.word_class]",
        "text = [\"form\"]",
        "train = \"glue/STS-B/train.tsv\"",
    ] {
        assert!(written.lines().any(|written| written == line), "{line} is not in\n{written}");
    }
}

#[test]
fn differences_name_the_keys_that_count() {
    let config = parse(FOUR_TASKS);
    assert_eq!(config.differences(&config), Vec::<String>::new());

    let changed = FOUR_TASKS
        .replace("batch = 32 ", "batch = 16 ")
        .replace("epochs = 3", "steps = 900")
        .replace("metric = \"span_f1\"", "metric = \"accuracy\"")
        .replace("snli.dev", "mnli.dev");
    assert_eq!(
        config.differences(&parse(&changed)),
        ["tasks.entailment.dev", "tasks.entities.metric", "train.batch", "train.epochs", "train.steps"]
    );
}

#[test]
fn differences_ignore_folders_and_checkpoints() {
    let config = parse(FOUR_TASKS);
    let moved = FOUR_TASKS
        .replace("glue/STS-B/", "/elsewhere/")
        .replace("path/to/folder", "/models/folder")
        .replace("[train]", "[train]\ncheckpoint_minutes = 1\nmemory_limit = \"9 GB\"");
    let moved = Config::parse(&moved, Path::new("/b/mtl.toml"), Some(Path::new("/data"))).unwrap();
    assert_eq!(config.differences(&moved), Vec::<String>::new());
}

#[test]
fn another_order_of_the_tasks_is_a_difference() {
    let start = FOUR_TASKS.find("[tasks.entailment]").unwrap();
    let (head, entailment) = FOUR_TASKS.split_at(start);
    let middle = head.find("[tasks.similarity]").unwrap();
    let reordered = format!("{}{entailment}{}", &head[..middle], &head[middle..]);
    assert_eq!(parse(FOUR_TASKS).differences(&parse(&reordered)), ["tasks"]);
}

#[test]
fn a_task_alone_keeps_its_settings() {
    let config = parse(SLOTS_AND_INTENT);
    let alone = config.single_task(0);
    assert_eq!(alone.task_names().collect::<Vec<_>>(), ["intent"]);
    assert_eq!(alone.tasks[0].same_examples_as, None);
    assert_eq!(alone.tasks[0].examples, config.tasks[0].examples);
    assert_eq!(parse(&alone.to_toml()).tasks, alone.tasks);
}

#[test]
fn tasks_go_on_labelling_the_examples_of_one_that_is_left_out() {
    let third = "\n[tasks.mood]\nkind = \"classification\"\nlabel = \"mood\"\nsame_examples_as = \"slots\"\n";
    let config = parse(&format!("{SLOTS_AND_INTENT}{third}"));
    let slots = config.task_names().position(|name| name == "slots").unwrap();
    let left = config.without_task(slots);
    assert_eq!(left.task_names().collect::<Vec<_>>(), ["intent", "mood"]);
    assert_eq!(left.tasks[0].same_examples_as, None);
    assert_eq!(left.tasks[1].same_examples_as.as_deref(), Some("intent"));
    assert_eq!(left.tasks[1].examples, config.tasks[slots].examples);
    assert_eq!(parse(&left.to_toml()).tasks, left.tasks);
}
