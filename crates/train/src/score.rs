//! Scores of answers against labels.

use std::collections::BTreeMap;

use mtl_core_tensor::Prediction;
use mtl_core_tensor::element::Float;
use mtl_metrics::{MetricError, MetricKey, Outcomes, score};

use crate::answer::{Answer, Answers, Asked};
use crate::config::TaskKind;
use crate::dataset::{ExampleSet, Target};
use crate::error::TrainError;
use crate::model::Model;
use crate::scores::Scores;
use crate::spec::TaskSpec;

/// Scores one task on the labelled examples of a set: every metric of the task, and the loss.
///
/// A word that truncation cut off counts as missed; an example or a word without a label counts nothing.
///
/// Errors if a prediction is not finite.
pub fn score_task<E: Float<Master = f32>>(
    asked: &Asked<'_>,
    set: &ExampleSet,
) -> Result<BTreeMap<String, f64>, TrainError> {
    let labelled = set.labelled();
    let texts: Vec<_> = labelled.iter().map(|&i| &set.encoded[i]).collect();
    let targets: Vec<_> = labelled.iter().map(|&i| &set.targets[i]).collect();
    let answers = asked.answer_in::<E>(&texts, Some(&targets))?;
    let failed = |source| TrainError::Score { task: asked.spec.name.clone(), source };
    let scored = asked.spec.metric_keys().into_iter().map(|key| {
        let value = score_under(key, asked.spec, &answers, &targets).map_err(failed)?;
        Ok((key.name().to_owned(), value))
    });
    scored.collect()
}

/// Scores every task on a set of its own.
pub fn score_all<'a, E: Float<Master = f32>>(
    model: &Model,
    tasks: impl Iterator<Item = (&'a TaskSpec, &'a ExampleSet)>,
    pack_tokens: usize,
) -> Result<Scores, TrainError> {
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
    if key == MetricKey::Loss {
        let losses = [answers.loss.unwrap_or_default()];
        return score(key, &Outcomes::Losses { losses: &losses });
    }
    let pairs = || answers.answers.iter().zip(targets.iter().copied());
    match spec.kind {
        TaskKind::Classification => {
            let (gold, predicted): (Vec<_>, Vec<_>) = pairs().filter_map(classes).unzip();
            let (gold, predicted, n_classes) = (&gold[..], &predicted[..], spec.labels.len());
            score(key, &Outcomes::Classes { gold, predicted, n_classes })
        }
        TaskKind::MultiLabel => {
            let (gold, predicted): (Vec<_>, Vec<_>) = pairs().filter_map(label_sets).unzip();
            let (gold, predicted, n_labels) = (&gold[..], &predicted[..], spec.labels.len());
            score(key, &Outcomes::LabelSets { gold, predicted, n_labels })
        }
        TaskKind::Regression => {
            let (gold, predicted): (Vec<_>, Vec<_>) = pairs().filter_map(values).unzip();
            score(key, &Outcomes::Values { gold: &gold, predicted: &predicted })
        }
        TaskKind::TokenClassification => {
            let (gold, predicted): (Vec<_>, Vec<_>) = pairs().filter_map(tags).unzip();
            let (gold, predicted, labels) = (&gold[..], &predicted[..], &spec.labels[..]);
            score(key, &Outcomes::Tags { gold, predicted, labels })
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
