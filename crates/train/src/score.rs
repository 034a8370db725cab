//! Scores of answers against labels.

use std::collections::BTreeMap;

use mtl_core_tensor::Prediction;
use mtl_core_tensor::element::Float;
use mtl_metrics::significance::OwnedOutcomes;
use mtl_metrics::{MetricError, MetricKey, Outcomes, score};

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
    /// Each labelled example's gold label and prediction.
    pub outcomes: OwnedOutcomes,
}

/// Scores one task on the labelled examples of a set: every metric of the task, and the loss.
///
/// A word that truncation cut off counts as missed; an example or a word without a label counts nothing.
///
/// Errors if a prediction is not finite.
pub fn score_task<E: Float<Master = f32>>(asked: &Asked<'_>, set: &ExampleSet) -> Result<Judged, TrainError> {
    let labelled = set.labelled();
    let texts: Vec<_> = labelled.iter().map(|&i| &set.encoded[i]).collect();
    let targets: Vec<_> = labelled.iter().map(|&i| &set.targets[i]).collect();
    let answers = asked.answer_in::<E>(&texts, Some(&targets))?;
    let outcomes = outcomes(asked.spec, &answers, &targets);
    let failed = |source| TrainError::Score { task: asked.spec.name.clone(), source };
    let scored = asked.spec.metric_keys().into_iter().map(|key| {
        let score = score_outcomes(key, answers.loss, &outcomes).map_err(failed)?;
        Ok((key.name().to_owned(), score))
    });
    Ok(Judged { scores: scored.collect::<Result<_, TrainError>>()?, outcomes })
}

/// Scores every task on a set of its own, in order.
pub fn score_all<'a, E: Float<Master = f32>>(
    model: &Model,
    tasks: impl Iterator<Item = (&'a TaskSpec, &'a ExampleSet)>,
    pack_tokens: usize,
) -> Result<Vec<(String, Judged)>, TrainError> {
    let score = |(task_idx, (spec, set)): (usize, (&TaskSpec, &ExampleSet))| {
        let asked = Asked { model, task_idx, spec, pack_tokens };
        Ok((spec.name.clone(), score_task::<E>(&asked, set)?))
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
    score_outcomes(key, answers.loss, &outcomes(spec, answers, targets))
}

/// The mean loss is known beside the outcomes.
fn score_outcomes(key: MetricKey, loss: Option<f64>, outcomes: &OwnedOutcomes) -> Result<f64, MetricError> {
    match key {
        MetricKey::Loss => score(key, &Outcomes::Losses { losses: &[loss.unwrap_or_default()] }),
        _ => score(key, &outcomes.borrow()),
    }
}

fn outcomes(spec: &TaskSpec, answers: &Answers, targets: &[&Target]) -> OwnedOutcomes {
    let pairs = answers.answers.iter().zip(targets.iter().copied());
    match spec.kind {
        TaskKind::Classification => {
            let (gold, predicted) = pairs.filter_map(classes).unzip();
            OwnedOutcomes::Classes { gold, predicted, n_classes: spec.labels.len() }
        }
        TaskKind::MultiLabel => {
            let (gold, predicted) = pairs.filter_map(label_sets).unzip();
            OwnedOutcomes::LabelSets { gold, predicted, n_labels: spec.labels.len() }
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
