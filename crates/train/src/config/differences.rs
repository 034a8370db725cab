//! Which keys two configurations set differently: what decides whether a run can be resumed.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::Config;

/// Keys that change neither the weights nor the scores of a run.
const IGNORED: &[&str] = &["data", "train.checkpoint_minutes", "train.memory_limit"];

/// Keys whose values are paths, by their last part; where a file lies does not matter, only its name does.
const PATHS: &[&str] = &["from", "tokenizer", "train", "dev", "test", "dir"];

impl Config {
    /// The dotted keys that `other` sets differently, sorted.
    ///
    /// Not compared: `data`, `train.checkpoint_minutes`, `train.memory_limit`, `tasks.NAME.domain`, and the folders in which files lie (of
    /// a path only its last component counts). `tasks` alone stands for another order of the same tasks.
    pub fn differences(&self, other: &Config) -> Vec<String> {
        let (ours, theirs) = (dotted(self), dotted(other));
        let keys: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        let mut differences: Vec<String> =
            keys.into_iter().filter(|key| ours.get(*key) != theirs.get(*key)).cloned().collect();
        if differences.is_empty() && !self.task_names().eq(other.task_names()) {
            differences.push("tasks".to_owned());
        }
        differences
    }
}

/// All values that count, by dotted key.
fn dotted(config: &Config) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    let tree = serde_json::to_value(config).expect("a checked configuration holds only strings and numbers");
    collect("", tree, &mut values);
    values
}

fn collect(name: &str, value: Value, values: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                let name = if name.is_empty() { key } else { format!("{name}.{key}") };
                collect(&name, value, values);
            }
        }
        _ if IGNORED.contains(&name) || is_domain(name) => {}
        value => {
            values.insert(name.to_owned(), without_folder(name, value));
        }
    }
}

/// Whether the key is the `domain` of a task, which changes no run.
fn is_domain(name: &str) -> bool {
    name.starts_with("tasks.") && name.ends_with(".domain")
}

/// The file's name alone, if the key holds a path.
fn without_folder(name: &str, value: Value) -> Value {
    let is_path = name.rsplit('.').next().is_some_and(|key| PATHS.contains(&key));
    match &value {
        Value::String(path) if is_path => match Path::new(path).file_name() {
            Some(file) => Value::String(file.to_string_lossy().into_owned()),
            None => value,
        },
        _ => value,
    }
}
