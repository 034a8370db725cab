//! Scores of answers against labels.

use std::collections::BTreeMap;

use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Device, Prediction};
use mtl_metrics::significance::OwnedOutcomes;
use mtl_metrics::{MetricError, MetricKey, OutcomeKind, Outcomes, score};

use crate::answer::{Answer, Answers, Asked};
use crate::config::TaskKind;
use crate::dataset::{ExampleSet, Target};
use crate::error::TrainError;
use crate::model::Model;
use crate::spec::TaskSpec;

/// What a model's answers to a labelled set come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Every metric of the task, and the loss.
    pub scores: BTreeMap<String, f64>,
    /// Each labelled example's gold label, and the prediction, or the probabilities, that the judging metric
    /// reads.
    pub outcomes: OwnedOutcomes,
}

/// Scores one task on the labelled examples of a set: every metric of the task, and the loss.
///
/// A word that truncation cut off counts as missed; an example or a word without a label counts nothing. The
/// outcomes are what the metric that judges the task reads.
///
/// Errors if a prediction is not finite, or as the metrics do.
pub fn score_task<E: Float<Master = f32>, D: Device>(
    asked: &Asked<'_, E, D>,
    set: &ExampleSet,
) -> Result<Judged, TrainError> {
    let labelled = set.labelled();
    let texts: Vec<_> = labelled.iter().map(|&i| &set.encoded[i]).collect();
    let targets: Vec<_> = labelled.iter().map(|&i| &set.targets[i]).collect();
    let answers = asked.answer(&texts, Some(&targets))?;
    let keys = asked.spec.metric_keys();
    let failed = |source| TrainError::Score { task: asked.spec.name.clone(), source };
    let scored = keys.iter().map(|&key| {
        let score = score_under(key, asked.spec, &answers, &targets).map_err(failed)?;
        Ok((key.name().to_owned(), score))
    });
    let scores = scored.collect::<Result<_, TrainError>>()?;
    Ok(Judged { scores, outcomes: outcomes(keys[0], asked.spec, &answers, &targets) })
}

/// Scores every task on a set of its own, in order.
pub fn score_all<'a, E: Float<Master = f32>, D: Device>(
    model: &Model<E, D>,
    tasks: impl Iterator<Item = (&'a TaskSpec, &'a ExampleSet)>,
    pack_tokens: usize,
) -> Result<Vec<(String, Judged)>, TrainError> {
    let score = |(task_idx, (spec, set)): (usize, (&TaskSpec, &ExampleSet))| {
        let asked = Asked { model, task_idx, spec, pack_tokens };
        Ok((spec.name.clone(), score_task(&asked, set)?))
    };
    tasks.enumerate().map(score).collect()
}

/// The score of answers under one metric; targets are all labelled.
pub(crate) fn score_under(
    key: MetricKey,
    spec: &TaskSpec,
    answers: &Answers,
    targets: &[&Target],
) -> Result<f64, MetricError> {
    match key {
        // The mean loss is known beside the outcomes.
        MetricKey::Loss => score(key, &Outcomes::Losses { losses: &[answers.loss.unwrap_or_default()] }),
        _ => score(key, &outcomes(key, spec, answers, targets).borrow()),
    }
}

/// What a metric reads of answers.
fn outcomes(key: MetricKey, spec: &TaskSpec, answers: &Answers, targets: &[&Target]) -> OwnedOutcomes {
    let pairs = answers.answers.iter().zip(targets.iter().copied());
    let n_classes = spec.labels.len();
    match spec.kind {
        TaskKind::Classification if MetricKey::applicable_to(OutcomeKind::Probabilities).contains(&key) => {
            let (gold, rows): (Vec<usize>, Vec<&[f64]>) = pairs.filter_map(probabilities).unzip();
            OwnedOutcomes::Probabilities { gold, probabilities: rows.concat(), n_classes }
        }
        TaskKind::Classification => {
            let (gold, predicted) = pairs.filter_map(classes).unzip();
            OwnedOutcomes::Classes { gold, predicted, n_classes }
        }
        TaskKind::MultiLabel => {
            let (gold, predicted) = pairs.filter_map(label_sets).unzip();
            OwnedOutcomes::LabelSets { gold, predicted, n_labels: n_classes }
        }
        TaskKind::Regression => {
            let (gold, predicted) = pairs.filter_map(values).unzip();
            OwnedOutcomes::Values { gold, predicted }
        }
        TaskKind::TokenClassification => {
            let (gold, predicted) = pairs.filter_map(tags).unzip();
            OwnedOutcomes::Tags { gold, predicted, labels: spec.labels.clone() }
        }
    }
}

fn probabilities<'a>((answer, target): (&'a Answer, &Target)) -> Option<(usize, &'a [f64])> {
    match (answer, target) {
        (Answer::Text(Prediction::Class(_, p)), Target::Class(gold)) => Some((*gold as usize, p)),
        _ => None,
    }
}

fn classes((answer, target): (&Answer, &Target)) -> Option<(usize, usize)> {
    match (answer, target) {
        (Answer::Text(Prediction::Class(class, _)), Target::Class(gold)) => Some((*gold as usize, *class)),
        _ => None,
    }
}

fn label_sets((answer, target): (&Answer, &Target)) -> Option<(Vec<usize>, Vec<usize>)> {
    match (answer, target) {
        (Answer::Text(Prediction::Labels(labels, _)), Target::Labels(gold)) => {
            Some((gold.iter().map(|&label| label as usize).collect(), labels.clone()))
        }
        _ => None,
    }
}

fn values((answer, target): (&Answer, &Target)) -> Option<(f64, f64)> {
    match (answer, target) {
        (Answer::Text(Prediction::Value(value)), Target::Value(gold)) => Some((*gold, *value)),
        _ => None,
    }
}

type Tags = Vec<Option<usize>>;

fn tags((answer, target): (&Answer, &Target)) -> Option<(Tags, Tags)> {
    match (answer, target) {
        (Answer::Words(words), Target::Tags(gold)) => {
            Some((gold.iter().map(|tag| tag.map(|tag| tag as usize)).collect(), words.clone()))
        }
        _ => None,
    }
}
