//! `mtl verify`: the fixed values of every method, expected and got.

use clap::Args;
use comfy_table::Color;
use mtl_train::verify::FixedValue;

use crate::report;
use crate::table::{self, coloured, words};

const HELP: &str = "\
Computes, offline, the numbers that papers and named implementations give for each method, and shows them \
beside what this program gives. It exits with 1 if one does not hold.

Examples:
  mtl verify
  mtl verify --json | jq '.[] | select(.method == \"pcgrad\")'";

/// Show that each method computes what its paper says
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Verify {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Computes and prints every fixed value.
    pub fn run(&self) -> anyhow::Result<()> {
        let values = mtl_train::verify()?;
        let failed = values.iter().filter(|value| !value.holds).count();
        match self.json {
            true => report::print_json(&values)?,
            false => report::print(&text(&values, failed))?,
        }
        anyhow::ensure!(failed == 0, "{failed} of {} fixed values do not hold", values.len());
        Ok(())
    }
}

fn text(values: &[FixedValue], failed: usize) -> String {
    let mut table = table::with_header(&["method", "source", "expected", "got", "holds"]);
    for value in values {
        let (holds, color) = if value.holds { ("yes", None) } else { ("NO", Some(Color::Red)) };
        table.add_row(vec![
            words(value.method),
            words(value.source),
            words(numbers(&value.expected)),
            words(numbers(&value.got)),
            coloured(holds, color),
        ]);
    }
    format!("{table}\n\n{} of {} fixed values hold", values.len() - failed, values.len())
}

/// Numbers with at most six digits after the point.
fn numbers(values: &[f64]) -> String {
    let number = |value: &f64| {
        let written = format!("{value:.6}");
        written.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    values.iter().map(number).collect::<Vec<_>>().join(", ")
}
