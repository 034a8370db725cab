//! A tiny synthetic corpus, a tiny encoder, and runs on them.
#![allow(dead_code)]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use mtl_core_tensor::{Cpu, Init};
use mtl_data::synthetic::{SyntheticConfig, generate};
use mtl_encoders::{Bert, BertConfig};
use mtl_train::{Config, Observer, Options, Session, StepReport, Summary, TrainError};

/// Twenty-odd examples of each task, and an encoder of one layer of 16 whose folder is `encoder`.
pub fn corpus(folder: &Path) {
    let sizes = SyntheticConfig {
        seed: 3,
        word_class: 20,
        phrases: 20,
        sentiment: 24,
        attitude: 20,
        entailment: 20,
        similarity: 20,
        letters: 20,
        dev: 12,
    };
    generate(&sizes).write(folder).unwrap();
    let vocabulary = fs::read_to_string(folder.join("vocab.txt")).unwrap();
    let form = BertConfig {
        vocab_size: vocabulary.lines().count(),
        hidden_size: 16,
        layers: 1,
        heads: 2,
        intermediate_size: 32,
        max_positions: 64,
        ..mtl_encoders::presets::BERT_TINY
    };
    let bert: Bert<usize, usize, f32, Cpu> = Bert::new(&Cpu, &form, &Init::new(5)).unwrap();
    bert.save_folder(&folder.join("encoder")).unwrap();
    fs::copy(folder.join("vocab.txt"), folder.join("encoder/vocab.txt")).unwrap();
}

/// `[tasks.sentiment]`, `[tasks.word_class]`, `[tasks.similarity]` of the corpus.
pub const TASKS: &str = r#"
[tasks.sentiment]
kind = "classification"
text = "text"
label = "label"
train = "sentiment.train.jsonl"
dev = "sentiment.dev.jsonl"

[tasks.word_class]
kind = "token-classification"
columns = ["word", "tag"]
label = "tag"
train = "word_class.train.conll"
dev = "word_class.dev.conll"

[tasks.similarity]
kind = "regression"
scale = [0, 5]
text = ["text_a", "text_b"]
label = "label"
train = "similarity.train.jsonl"
dev = 0.25
"#;

/// A configuration of these tasks, with more lines for `[train]` and `[curriculum]`.
pub fn config(folder: &Path, train: &str, curriculum: &str, tasks: &str) -> Config {
    let text = format!(
        "seed = 7\n[encoder]\nfrom = \"encoder\"\nmax_tokens = 40\n\
         [train]\nbatch = 6\nlearning_rate = 1e-3\n{train}\n[curriculum]\n{curriculum}\n{tasks}"
    );
    Config::parse(&text, &folder.join("mtl.toml"), None).unwrap()
}

/// Sets a flag after a number of steps, and remembers messages.
#[derive(Default)]
pub struct Watcher {
    pub stop_after: Option<u64>,
    pub flag: AtomicBool,
    pub messages: Vec<String>,
    pub steps: u64,
}

struct Watching<'a> {
    stop_after: Option<u64>,
    flag: &'a AtomicBool,
    messages: &'a mut Vec<String>,
    steps: &'a mut u64,
}

impl Observer for Watching<'_> {
    fn step(&mut self, report: &StepReport<'_>) {
        *self.steps = report.step;
        if self.stop_after.is_some_and(|stop| report.step >= stop) {
            self.flag.store(true, Ordering::Relaxed);
        }
    }

    fn message(&mut self, text: &str) {
        self.messages.push(text.to_owned());
    }
}

impl Watcher {
    pub fn stopping_after(step: u64) -> Self {
        Watcher { stop_after: Some(step), ..Watcher::default() }
    }

    pub fn run(&mut self, config: &Config, options: Options) -> Result<Summary, TrainError> {
        let Watcher { stop_after, flag, messages, steps } = self;
        let mut watching = Watching { stop_after: *stop_after, flag, messages, steps };
        Session::new(config.clone(), options)?.run(&mut watching, flag)
    }
}

/// Runs to the end in a new folder.
pub fn run(config: &Config, out: &Path) -> Summary {
    Watcher::default().run(config, Options::new(out)).unwrap()
}

/// The weights that a run left.
pub fn weights(out: &Path) -> (Vec<u8>, Vec<u8>) {
    let read = |name: &str| {
        fs::read(out.join(name)).unwrap_or_else(|error| panic!("{name} of {}: {error}", out.display()))
    };
    (read("model/model.safetensors"), read("weights.safetensors"))
}
