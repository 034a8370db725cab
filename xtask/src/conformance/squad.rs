//! Predicted answers to published questions, scored as SQuAD's official scripts scored them.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use mtl_metrics::{BestThreshold, NoAnswer, SquadScore, squad_v1, squad_v2};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Outcome, find};

/// The scripts print all digits; sums in another order change the last.
const TOLERANCE: f64 = 1e-9;

/// The default of the second script.
const NO_ANSWER_THRESHOLD: f64 = 1.0;

/// One set of predicted answers.
pub(super) struct Answers {
    /// Questions and references in SQuAD's layout.
    data: &'static str,
    /// Text by question.
    predicted: &'static str,
    /// Probability of "no answer" by question, where some have none.
    no_answer: Option<&'static str>,
    /// What the script printed.
    official: &'static str,
}

/// Every set with published scores.
pub(super) const ANSWERS: &[Answers] = &[
    Answers {
        data: "xquad/xquad.en.json",
        predicted: "golden/xquad_en.preds.json",
        no_answer: None,
        official: "golden/xquad_en.official.json",
    },
    Answers {
        data: "squad2_cs224n/dev-v2.0.json",
        predicted: "golden/squad2_cs224n.preds.json",
        no_answer: Some("golden/squad2_cs224n.na_prob.json"),
        official: "golden/squad2_cs224n.official.json",
    },
];

impl Answers {
    /// What the report calls it.
    pub(super) fn name(&self) -> String {
        format!("squad scores of {}", self.predicted)
    }
}

/// Scores one set and compares every number.
pub(super) fn check(data: &Path, answers: &Answers) -> Outcome {
    let files = [Some(answers.data), Some(answers.predicted), Some(answers.official), answers.no_answer];
    if files.into_iter().flatten().any(|file| find(data, file).is_none()) {
        return Outcome::Skipped;
    }
    match compare(data, answers) {
        Ok(summary) => Outcome::Passed(summary),
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

/// Every number that the script printed, rounded. Errors with the first that differs.
fn compare(data: &Path, answers: &Answers) -> anyhow::Result<String> {
    let questions = questions(read(&data.join(answers.data))?);
    let predicted: Map<String, Value> = read(&data.join(answers.predicted))?;
    let official: Map<String, Value> = read(&data.join(answers.official))?;
    let texts = questions.iter().map(|question| answer(&predicted, &question.id));
    let texts = texts.collect::<anyhow::Result<Vec<_>>>()?;
    let found = match answers.no_answer {
        None => scores_v1(&questions, &texts)?,
        Some(file) => scores_v2(&questions, &texts, &read(&data.join(file))?)?,
    };
    ensure!(found.len() == official.len(), "{} numbers, published {}", found.len(), official.len());
    for (name, value) in &found {
        let expected = official.get(*name).and_then(Value::as_f64);
        let expected = expected.with_context(|| format!("the published scores have no {name}"))?;
        ensure!((value - expected).abs() <= TOLERANCE, "{name} is {value}, published {expected}");
    }
    Ok(found.iter().map(|(name, value)| format!("{name} {value:.4}")).collect::<Vec<_>>().join(", "))
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("failed to parse {}", path.display()))
}

/// The published layout, as far as scores need it.
#[derive(Deserialize)]
struct Dataset {
    data: Vec<Article>,
}

#[derive(Deserialize)]
struct Article {
    paragraphs: Vec<Paragraph>,
}

#[derive(Deserialize)]
struct Paragraph {
    qas: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    id: String,
    answers: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    text: String,
}

/// All questions in the order of the file.
fn questions(dataset: Dataset) -> Vec<Question> {
    let paragraphs = dataset.data.into_iter().flat_map(|article| article.paragraphs);
    paragraphs.flat_map(|paragraph| paragraph.qas).collect()
}

/// The references of each question.
fn references(questions: &[Question]) -> Vec<Vec<&str>> {
    questions
        .iter()
        .map(|question| question.answers.iter().map(|answer| answer.text.as_str()).collect())
        .collect()
}

fn answer<'a>(predicted: &'a Map<String, Value>, id: &str) -> anyhow::Result<&'a str> {
    predicted.get(id).and_then(Value::as_str).with_context(|| format!("question {id} has no answer"))
}

/// The numbers of the first script, by the names that it prints.
fn scores_v1(questions: &[Question], texts: &[&str]) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let score = squad_v1(&references(questions), texts)?;
    Ok(vec![("exact_match", 100.0 * score.exact), ("f1", 100.0 * score.f1)])
}

/// The numbers of the second script, by the names that it prints.
fn scores_v2(
    questions: &[Question],
    texts: &[&str],
    probabilities: &Map<String, Value>,
) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let of = |question: &Question| {
        let value = probabilities.get(&question.id).and_then(Value::as_f64);
        value.with_context(|| format!("question {} has no probability", question.id))
    };
    let probabilities = questions.iter().map(of).collect::<anyhow::Result<Vec<_>>>()?;
    let no_answer = NoAnswer { probabilities: &probabilities, threshold: NO_ANSWER_THRESHOLD };
    let report = squad_v2(&references(questions), texts, Some(no_answer))?;
    let mut found = part(["exact", "f1", "total"], Some(report.all));
    found.extend(part(["HasAns_exact", "HasAns_f1", "HasAns_total"], report.has_answer));
    found.extend(part(["NoAns_exact", "NoAns_f1", "NoAns_total"], report.no_answer));
    found.extend(best(["best_exact", "best_exact_thresh"], report.best_exact));
    found.extend(best(["best_f1", "best_f1_thresh"], report.best_f1));
    Ok(found)
}

fn part([exact, f1, total]: [&'static str; 3], score: Option<SquadScore>) -> Vec<(&'static str, f64)> {
    let numbers = |score: SquadScore| {
        [(exact, 100.0 * score.exact), (f1, 100.0 * score.f1), (total, score.examples as f64)]
    };
    score.into_iter().flat_map(numbers).collect()
}

fn best([score, threshold]: [&'static str; 2], best: Option<BestThreshold>) -> Vec<(&'static str, f64)> {
    best.into_iter().flat_map(|best| [(score, 100.0 * best.score), (threshold, best.threshold)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_keep_their_order_and_references() {
        let text = r#"{"version": "2.0", "data": [{"title": "t", "paragraphs": [{"context": "c", "qas": [
            {"id": "b", "question": "?", "answers": [{"text": "x", "answer_start": 0}, {"text": "y", "answer_start": 1}]},
            {"id": "a", "question": "?", "answers": [], "is_impossible": true}]}]}]}"#;
        let questions = questions(serde_json::from_str(text).unwrap());
        assert_eq!(questions.iter().map(|question| question.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(references(&questions), [vec!["x", "y"], vec![]]);
    }

    #[test]
    fn an_answer_that_is_missing_is_named() {
        let error = answer(&Map::new(), "q7").unwrap_err();
        assert_eq!(error.to_string(), "question q7 has no answer");
    }
}
