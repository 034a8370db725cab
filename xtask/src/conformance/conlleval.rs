//! The seven systems of the WNUT 2017 shared task, scored as conlleval scored them.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use mtl_data::{Format, Label, LabelKind, Source};

use super::{Outcome, find};

/// The gold tags.
const GOLD: &str = "wnut17/emerging.test.annotated";

/// One system's output: its file, and the name that its published report has.
pub(super) struct Submission {
    file: &'static str,
    system: &'static str,
}

/// Every system of the shared task.
pub(super) const SUBMISSIONS: &[Submission] = &[
    Submission { file: "arcada", system: "arcada" },
    Submission { file: "drexel_cci", system: "drexel_cci" },
    Submission { file: "flytxt", system: "flytxt" },
    Submission { file: "mic-cis.txt", system: "mic-cis" },
    Submission { file: "sjtu_adapt.txt", system: "sjtu_adapt" },
    Submission { file: "spinningbytes.txt", system: "spinningbytes" },
    Submission { file: "uh_ritual", system: "uh_ritual" },
];

impl Submission {
    /// What the report calls it.
    pub(super) fn name(&self) -> String {
        format!("conlleval of wnut17/submissions/{}", self.file)
    }
}

/// Scores one system and compares the report line by line.
pub(super) fn check(data: &Path, submission: &Submission) -> Outcome {
    let gold = find(data, GOLD);
    let predicted = find(data, &format!("wnut17/submissions/{}", submission.file));
    let golden = find(data, &format!("golden/wnut17.{}.conlleval.txt", submission.system));
    let (Some(gold), Some(predicted), Some(golden)) = (gold, predicted, golden) else {
        return Outcome::Skipped;
    };
    match compare(&gold, &predicted, &golden) {
        Ok(summary) => Outcome::Passed(summary),
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

/// The line of overall scores. Errors with the first line that differs.
fn compare(gold: &Path, predicted: &Path, golden: &Path) -> anyhow::Result<String> {
    let report = mtl_metrics::conlleval(&paired(tags(gold)?, tags(predicted)?)?).to_string();
    let expected = fs::read_to_string(golden).context("failed to read the published report")?;
    let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    let (found, expected) = (lines(&report), lines(&expected));
    for (found, expected) in found.iter().zip(&expected) {
        ensure!(found == expected, "found `{found}`, published `{expected}`");
    }
    ensure!(found.len() == expected.len(), "{} lines, published {}", found.len(), expected.len());
    found.into_iter().nth(1).context("the report has no line of scores")
}

/// The tags of every sentence.
fn tags(path: &Path) -> anyhow::Result<Vec<Vec<String>>> {
    let mut source = Source::new(path, LabelKind::Tags).text(["word"]).label("tag");
    source.format = Some(Format::Conll);
    source.columns = Some(vec!["word".to_owned(), "tag".to_owned()]);
    let sentences = source.read()?.map(|example| match example?.label {
        Label::Tags(tags) => Ok(tags),
        other => anyhow::bail!("expected tags, got {other:?}"),
    });
    sentences.collect()
}

/// Gold and predicted tags side by side. Errors if sentences or words do not line up.
fn paired(gold: Vec<Vec<String>>, predicted: Vec<Vec<String>>) -> anyhow::Result<Vec<Vec<(String, String)>>> {
    ensure!(gold.len() == predicted.len(), "{} sentences, gold has {}", predicted.len(), gold.len());
    let sentences = gold.into_iter().zip(predicted).enumerate().map(|(number, (gold, predicted))| {
        ensure!(
            gold.len() == predicted.len(),
            "sentence {} has {} tags, gold has {}",
            number + 1,
            predicted.len(),
            gold.len()
        );
        Ok(gold.into_iter().zip(predicted).collect())
    });
    sentences.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|&tag| tag.to_owned()).collect()
    }

    #[test]
    fn tags_are_paired_word_by_word() {
        let pairs = paired(vec![sentence(&["O", "B-x"])], vec![sentence(&["O", "O"])]).unwrap();
        assert_eq!(pairs[0][1], ("B-x".to_owned(), "O".to_owned()));
    }

    #[test]
    fn a_sentence_of_other_length_is_named() {
        let error = paired(vec![sentence(&["O", "O"])], vec![sentence(&["O"])]).unwrap_err();
        assert_eq!(error.to_string(), "sentence 1 has 1 tags, gold has 2");
    }
}
