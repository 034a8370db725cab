//! Two tiny tasks in a temporary folder, and the built command run on them.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a configuration, its data and a vocabulary.
pub struct Workplace {
    folder: TempDir,
}

impl Workplace {
    /// The configuration `tasks.toml`, of `steps` steps with an evaluation after every `evaluate_every`.
    pub fn new(steps: u64, evaluate_every: u64) -> Self {
        let workplace = Self { folder: TempDir::new().unwrap() };
        workplace.write("tasks.toml", &config(steps, evaluate_every));
        workplace.write("vocab.txt", VOCABULARY);
        for (split, examples) in [("train", 16), ("dev", 6)] {
            workplace.write(&format!("mood.{split}.jsonl"), &mood(examples));
            workplace.write(&format!("class.{split}.conll"), &class(examples));
        }
        workplace
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Replaces a piece of `tasks.toml`.
    pub fn change_config(&self, from: &str, to: &str) {
        let text = self.read("tasks.toml");
        assert!(text.contains(from), "{from} is not in the configuration");
        self.write("tasks.toml", &text.replacen(from, to, 1));
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn read_json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// The command with these arguments, to be run in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mtl"));
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// Runs the command, which must succeed, and returns what it wrote to stdout.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(code(&output), 0, "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the command, which must end with this exit code, and returns what it wrote to stderr.
    pub fn fail(&self, arguments: &[&str], expected: i32) -> String {
        let output = self.command(arguments).output().unwrap();
        let text = stderr(&output);
        assert_eq!(code(&output), expected, "{arguments:?}: {text}");
        assert!(!text.contains("panicked"), "{text}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "nothing is promised before an error");
        text
    }

    pub fn exists(&self, name: impl AsRef<Path>) -> bool {
        self.folder.path().join(name).exists()
    }
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("the program ended by itself")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ngood\nbad\nday\nnight\nends\nbegins\n";

fn config(steps: u64, evaluate_every: u64) -> String {
    format!(
        "seed = 5\n\n\
         [encoder]\npreset = \"bert-tiny\"\ntokenizer = \"vocab.txt\"\nmax_tokens = 16\n\n\
         [train]\nsteps = {steps}\nbatch = 2\nlearning_rate = 1e-3\nevaluate_every = {evaluate_every}\n\n\
         [tasks.mood]\nkind = \"classification\"\ntext = \"text\"\nlabel = \"label\"\n\
         train = \"mood.train.jsonl\"\ndev = \"mood.dev.jsonl\"\n\n\
         [tasks.class]\nkind = \"token-classification\"\ncolumns = [\"word\", \"tag\"]\nlabel = \"tag\"\n\
         train = \"class.train.conll\"\ndev = \"class.dev.conll\"\n"
    )
}

fn words(number: usize) -> [&'static str; 4] {
    [
        "the",
        if number.is_multiple_of(2) { "good" } else { "bad" },
        if number % 4 < 2 { "day" } else { "night" },
        if number % 8 < 4 { "ends" } else { "begins" },
    ]
}

fn mood(examples: usize) -> String {
    let line = |number| {
        let words = words(number);
        let label = if words[1] == "good" { "up" } else { "down" };
        format!("{{\"text\": \"{}\", \"label\": \"{label}\"}}\n", words.join(" "))
    };
    (0..examples).map(line).collect()
}

fn class(examples: usize) -> String {
    let sentence = |number| {
        let [article, adjective, noun, verb] = words(number);
        format!("{article} DET\n{adjective} ADJ\n{noun} NOUN\n{verb} VERB\n\n")
    };
    (0..examples).map(sentence).collect()
}
