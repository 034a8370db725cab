//! A parser's output, scored as the evaluation of the CoNLL 2018 shared task scored it.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use mtl_metrics::conll18::{Treebank, evaluate};

use super::{Outcome, find};

/// One parser's output with its gold file and the published table of scores.
pub(super) struct Output {
    gold: &'static str,
    predicted: &'static str,
    table: &'static str,
}

/// Every known output.
pub(super) const OUTPUTS: &[Output] = &[Output {
    gold: "udeval_golden/cs_pud-gold.conllu",
    predicted: "udeval_golden/cs_pud-udpipe-pdtc-ud-2.17-251125.conllu",
    table: "udeval_golden/eval.txt",
}];

/// Scores of enhanced dependencies, which the evaluation got in 2020.
const LATER: [&str; 2] = ["ELAS", "EULAS"];

impl Output {
    /// What the report calls it.
    pub(super) fn name(&self) -> String {
        format!("conll18 of {}", self.predicted)
    }
}

/// Scores one output and compares the table line by line.
pub(super) fn check(data: &Path, output: &Output) -> Outcome {
    let files = (find(data, output.gold), find(data, output.predicted), find(data, output.table));
    let (Some(gold), Some(predicted), Some(table)) = files else { return Outcome::Skipped };
    match compare(&gold, &predicted, &table) {
        Ok(summary) => Outcome::Passed(summary),
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

/// F1 of every score. Errors with the first line that differs from the published table.
fn compare(gold: &Path, predicted: &Path, table: &Path) -> anyhow::Result<String> {
    let (gold, predicted) = (text(gold)?, text(predicted)?);
    let read = |text| Treebank::read(text).map_err(anyhow::Error::from);
    let gold = read(&gold).context("gold")?;
    let evaluation = evaluate(&gold, &read(&predicted).context("predicted")?)?;
    same_lines(&evaluation.to_string(), &text(table)?)?;
    let scores = evaluation.rows().map(|(name, score)| format!("{name} {:.2}", 100.0 * score.f1()));
    Ok(scores.join(" "))
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}

fn same_lines(found: &str, published: &str) -> anyhow::Result<()> {
    let is_ours = |line: &&str| !LATER.iter().any(|name| line.starts_with(name));
    let published: Vec<&str> = published.lines().map(str::trim_end).filter(is_ours).collect();
    let found: Vec<&str> = found.lines().map(str::trim_end).collect();
    for (found, published) in found.iter().zip(&published) {
        ensure!(found == published, "found `{found}`, published `{published}`");
    }
    ensure!(found.len() == published.len(), "{} lines, published {}", found.len(), published.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::same_lines;

    #[test]
    fn later_scores_are_left_out() {
        same_lines("LAS | 1.00 |\n", "LAS | 1.00 |  \nELAS | 0.00 |\nEULAS | 0.00 |\n").unwrap();
    }

    #[test]
    fn a_line_that_differs_is_quoted() {
        let error = same_lines("LAS | 1.00\n", "LAS | 2.00\n").unwrap_err();
        assert_eq!(error.to_string(), "found `LAS | 1.00`, published `LAS | 2.00`");
        assert_eq!(same_lines("", "LAS\n").unwrap_err().to_string(), "0 lines, published 1");
    }
}
