//! `mtl methods`: every method that a configuration can name.

use clap::Args;
use mtl_train::methods::{GROUPS, Method, methods};

use crate::report;
use crate::table::{self, words};

const HELP: &str = "\
Lists what a configuration can name, group by group: architectures, adapters, penalties, loss weightings, \
gradient combinings, optimizers, samplers, stopping rules, kinds of task, encoders and benchmarks.

A method is chosen by its name, or with settings by a table:
  [sharing]
  gradients = \"pcgrad\"
  architecture = { name = \"cross-stitch\", own = 0.9 }

Examples:
  mtl methods
  mtl methods --group sampler
  mtl methods --json | jq '.[] | select(.name == \"lora\").keys'";

/// List every method: its name, its paper, and its settings
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Methods {
    /// Only this group
    #[arg(long, value_name = "GROUP", value_parser = GROUPS.to_vec())]
    group: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Methods {
    /// Prints the methods.
    pub fn run(&self) -> anyhow::Result<()> {
        let chosen = |method: &Method| self.group.as_deref().is_none_or(|group| group == method.group);
        let methods: Vec<Method> = methods().into_iter().filter(chosen).collect();
        match self.json {
            true => report::print_json(&methods),
            false => report::print(&text(&methods)),
        }
    }
}

fn text(methods: &[Method]) -> String {
    let mut table = table::with_header(&["group", "name", "method", "source", "settings"]);
    for method in methods {
        let keys: Vec<&str> = method.keys.iter().map(|key| key.name).collect();
        let (title, keys) = (words(method.title), words(keys.join(", ")));
        table.add_row(vec![words(method.group), words(method.name), title, words(method.paper), keys]);
    }
    let settings = methods.iter().flat_map(|method| method.keys.iter().map(move |key| (method, key)));
    let mut keys = table::with_header(&["of", "setting", "default", "values", "meaning"]);
    for (method, key) in settings {
        keys.add_row(vec![
            words(method.name),
            words(key.name),
            words(key.default),
            words(key.range.words()),
            words(key.meaning),
        ]);
    }
    match keys.is_empty() {
        true => table.to_string(),
        false => format!("{table}\n\n{keys}"),
    }
}
