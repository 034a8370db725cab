//! What a score is worth: the score of answers that do not depend on the text.

use mtl_metrics::{MetricKey, mean, standard_deviation};
use serde::Serialize;

use super::guess::Guesser;
use super::labels::scale;
use crate::config::TaskKind;
use crate::dataset::Target;
use crate::error::TrainError;
use crate::score::score_under;
use crate::spec::TaskSpec;

/// How many guesses are scored where the expected score has no closed form.
const GUESSES: u64 = 30;
/// The ROC area of a score that says nothing of the class.
const CHANCE: f64 = 0.5;

/// The dev scores, in the task's own metric, of two predictors that know the labels of train and no text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Baselines {
    /// The metric by which the task is judged.
    pub metric: String,
    /// What the constant predictor always answers: the most frequent class or tag; the labels that more than half of
    /// the examples have; the mean.
    pub constant: String,
    /// The score of the constant predictor: the majority baseline. As a loss, that of always giving each label its
    /// share. `null` if that is infinite, or, of `loss`, with label smoothing.
    pub majority: Option<f64>,
    /// The expected score of a stratified guess: each answer drawn as it is distributed in train. `null` for
    /// `loss` and `log_loss`, since a sure guess that is wrong costs infinitely much.
    pub random: Option<f64>,
    /// The standard deviation of a single guess; `null` where `random` is exact.
    pub random_sd: Option<f64>,
    /// How many guesses `random` is the mean of; 0 where it is exact.
    pub random_guesses: u64,
}

impl Baselines {
    /// The baselines of a task on its labelled dev examples.
    ///
    /// Errors if the metric does not apply to the answers.
    pub(super) fn of(
        spec: &TaskSpec,
        train: &[&Target],
        dev: &[&Target],
        smoothing: f64,
    ) -> Result<Baselines, TrainError> {
        let (guesser, key) = (Guesser::new(spec, train), spec.metric_key());
        let failed = |source| TrainError::Score { task: spec.name.clone(), source };
        let majority = match key {
            MetricKey::Loss => {
                constant_loss(&guesser, dev).filter(|loss| loss.is_finite() && smoothing == 0.0)
            }
            MetricKey::LogLoss => constant_loss(&guesser, dev).filter(|loss| loss.is_finite()),
            MetricKey::RocAuc => Some(CHANCE),
            _ => Some(score_under(key, spec, &guesser.constant(dev), dev).map_err(failed)?),
        };
        let mut baselines = Baselines {
            metric: spec.metric.clone(),
            constant: constant_words(&guesser),
            majority,
            random: expected(key, &guesser, dev),
            random_sd: None,
            random_guesses: 0,
        };
        if baselines.random.is_none() && !matches!(key, MetricKey::Loss | MetricKey::LogLoss) {
            let score = |number| score_under(key, spec, &guesser.stratified(dev, number), dev);
            let scores = (0..GUESSES).map(score).collect::<Result<Vec<f64>, _>>().map_err(failed)?;
            baselines.random = Some(mean(&scores).map_err(failed)?);
            baselines.random_sd = standard_deviation(&scores).ok();
            baselines.random_guesses = GUESSES;
        }
        Ok(baselines)
    }
}

fn constant_words(guesser: &Guesser<'_>) -> String {
    let labels = &guesser.spec.labels;
    match guesser.spec.kind {
        TaskKind::Classification | TaskKind::TokenClassification => labels[guesser.most_frequent()].clone(),
        TaskKind::MultiLabel => match guesser.usual_labels()[..] {
            [] => "no label".to_owned(),
            ref usual => usual.iter().map(|&label| labels[label].as_str()).collect::<Vec<_>>().join(", "),
        },
        TaskKind::Regression => format!("{:.4}", guesser.mean()),
    }
}

/// The expected score of a stratified guess, where it has a closed form.
///
/// - accuracy (and micro F1, its equal where each word or text has one answer): the sum over classes of the share in
///   train times that in dev;
/// - accuracy of label sets: the mean over dev of the probability that each label is guessed right;
/// - correlations, Matthews' among them: 0, since guesses are exchangeable and the mean over all orders of them is 0;
/// - the ROC area: 1/2, since a guess ranks each pair of classes either way alike;
/// - squared error: mean of (x - y)^2 over all x of train and y of dev.
fn expected(key: MetricKey, guesser: &Guesser<'_>, dev: &[&Target]) -> Option<f64> {
    let shares = guesser.shares();
    match (guesser.spec.kind, key) {
        (_, MetricKey::Pearson | MetricKey::Spearman | MetricKey::Matthews) => Some(0.0),
        (_, MetricKey::RocAuc) => Some(CHANCE),
        (TaskKind::MultiLabel, MetricKey::Accuracy) => {
            let sets: Vec<f64> = dev.iter().filter_map(|target| exactly(&shares, target)).collect();
            mean(&sets).ok()
        }
        (
            TaskKind::Classification | TaskKind::TokenClassification,
            MetricKey::Accuracy | MetricKey::MicroF1,
        ) => {
            let dev = Guesser::new(guesser.spec, dev).shares();
            Some(shares.iter().zip(&dev).map(|(train, dev)| train * dev).sum())
        }
        (TaskKind::Regression, MetricKey::Loss) => {
            let (train, dev) = (&guesser.values, &Guesser::new(guesser.spec, dev).values);
            let moment = |values: &[f64], power| {
                mean(&values.iter().map(|x: &f64| x.powi(power)).collect::<Vec<_>>()).ok()
            };
            let square = moment(train, 2)? - 2.0 * moment(train, 1)? * moment(dev, 1)? + moment(dev, 2)?;
            Some(square / width(guesser.spec).powi(2))
        }
        _ => None,
    }
}

/// The probability that a guess is exactly this set of labels.
fn exactly(shares: &[f64], target: &Target) -> Option<f64> {
    let Target::Labels(gold) = target else { return None };
    let right =
        |(label, share): (usize, &f64)| if gold.contains(&(label as u32)) { *share } else { 1.0 - share };
    Some(shares.iter().enumerate().map(right).product())
}

/// The loss, as the heads count it, of giving each label its share in train, or each text the mean value.
fn constant_loss(guesser: &Guesser<'_>, dev: &[&Target]) -> Option<f64> {
    let shares = guesser.shares();
    let of_dev = Guesser::new(guesser.spec, dev);
    match guesser.spec.kind {
        TaskKind::Classification | TaskKind::TokenClassification => {
            let terms = of_dev.shares().into_iter().zip(&shares).filter(|(dev, _)| *dev > 0.0);
            Some(terms.map(|(dev, train)| -dev * train.ln()).sum())
        }
        TaskKind::MultiLabel => {
            let part = |dev: f64, train: f64| if dev > 0.0 { -dev * train.ln() } else { 0.0 };
            let label = |(dev, train): (f64, &f64)| part(dev, *train) + part(1.0 - dev, 1.0 - train);
            mean(&of_dev.shares().into_iter().zip(&shares).map(label).collect::<Vec<_>>()).ok()
        }
        TaskKind::Regression => {
            let (always, width) = (guesser.mean(), width(guesser.spec));
            mean(&of_dev.values.iter().map(|y| ((y - always) / width).powi(2)).collect::<Vec<_>>()).ok()
        }
    }
}

fn width(spec: &TaskSpec) -> f64 {
    let [min, max] = scale(spec);
    max - min
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: TaskKind, labels: &[&str], metric: &str) -> TaskSpec {
        TaskSpec {
            name: "a".into(),
            kind,
            labels: labels.iter().map(|label| label.to_string()).collect(),
            scale: (kind == TaskKind::Regression).then_some([0.0, 2.0]),
            metric: metric.into(),
            metrics: vec![],
            dev: None,
        }
    }

    fn of(kind: TaskKind, labels: &[&str], metric: &str, train: &[Target], dev: &[Target]) -> Baselines {
        let (train, dev): (Vec<_>, Vec<_>) = (train.iter().collect(), dev.iter().collect());
        Baselines::of(&spec(kind, labels, metric), &train, &dev, 0.0).unwrap()
    }

    fn classes(classes: &[u32]) -> Vec<Target> {
        classes.iter().map(|&class| Target::Class(class)).collect()
    }

    #[test]
    fn accuracies_are_exact() {
        let (train, dev) = (classes(&[1, 1, 1, 0]), classes(&[1, 0, 0, 0, 0]));
        let baselines = of(TaskKind::Classification, &["no", "yes"], "accuracy", &train, &dev);
        assert_eq!((baselines.constant.as_str(), baselines.majority), ("yes", Some(0.2)));
        // 3/4 of the guesses are yes, right in 1/5; 1/4 are no, right in 4/5.
        let random = baselines.random.unwrap();
        assert!((random - (0.15 + 0.2)).abs() < 1e-15 && baselines.random_guesses == 0);
    }

    #[test]
    fn the_exact_accuracy_is_what_guesses_come_to() {
        let (train, dev) = (classes(&[1, 1, 2, 0, 0, 0]), classes(&[1, 0, 0, 2, 1, 1, 1, 0, 2, 2]));
        let spec = spec(TaskKind::Classification, &["a", "b", "c"], "accuracy");
        let (train, dev): (Vec<_>, Vec<_>) = (train.iter().collect(), dev.iter().collect());
        let guesser = Guesser::new(&spec, &train);
        for key in [MetricKey::Accuracy, MetricKey::Matthews] {
            let scores =
                (0..3000).map(|i| score_under(key, &spec, &guesser.stratified(&dev, i), &dev).unwrap());
            let got = mean(&scores.collect::<Vec<_>>()).unwrap();
            let exact = expected(key, &guesser, &dev).unwrap();
            // The standard error is below 0.17 / sqrt(3000) = 0.0031, and 0.006 for a correlation of ten.
            assert!((got - exact).abs() < 0.018, "{key}: {got} against {exact}");
        }
    }

    #[test]
    fn label_sets_are_guessed_label_by_label() {
        let sets = |sets: &[&[u32]]| sets.iter().map(|set| Target::Labels(set.to_vec())).collect::<Vec<_>>();
        let (train, dev) = (sets(&[&[0], &[0, 1], &[0], &[]]), sets(&[&[0], &[1]]));
        let baselines = of(TaskKind::MultiLabel, &["a", "b"], "accuracy", &train, &dev);
        assert_eq!((baselines.constant.as_str(), baselines.majority), ("a", Some(0.5)));
        // Shares 3/4 and 1/4: (3/4)(3/4) for {a}, (1/4)(1/4) for {b}.
        assert_eq!(baselines.random, Some((0.5625 + 0.0625) / 2.0));
        let none = of(TaskKind::MultiLabel, &["a"], "micro_f1", &sets(&[&[], &[0], &[]]), &sets(&[&[0]]));
        assert_eq!((none.constant.as_str(), none.majority), ("no label", Some(0.0)));
    }

    #[test]
    fn a_constant_has_no_correlation() {
        let values = |values: &[f64]| values.iter().map(|&value| Target::Value(value)).collect::<Vec<_>>();
        let (train, dev) = (values(&[0.0, 1.0]), values(&[1.0, 2.0]));
        let baselines = of(TaskKind::Regression, &[], "pearson", &train, &dev);
        assert_eq!((baselines.constant.as_str(), baselines.majority), ("0.5000", Some(0.0)));
        assert_eq!(baselines.random, Some(0.0));
        // On the scale from 0 to 2: distances 1/4 and 3/4 from the mean; 1/2, 1, 0, 1/2 of a guess.
        let loss = of(TaskKind::Regression, &[], "loss", &train, &dev);
        assert_eq!(loss.majority, Some((0.0625 + 0.5625) / 2.0));
        assert!((loss.random.unwrap() - (0.25 + 1.0 + 0.0 + 0.25) / 4.0).abs() < 1e-15);
    }

    #[test]
    fn spans_of_a_constant_are_none_and_those_of_guesses_are_few() {
        let tags = |tags: &[u32]| Target::Tags(tags.iter().map(|&tag| Some(tag)).collect());
        let (train, dev) = ([tags(&[0, 0, 0, 1, 2])], [tags(&[0, 1, 0, 0, 1, 2])]);
        let labels = &["O", "B-LOC", "I-LOC"][..];
        let baselines = of(TaskKind::TokenClassification, labels, "span_f1", &train, &dev);
        assert_eq!((baselines.constant.as_str(), baselines.majority), ("O", Some(0.0)));
        assert!(baselines.random.unwrap() < 0.5 && baselines.random_guesses == GUESSES);
        let accuracy = of(TaskKind::TokenClassification, labels, "accuracy", &train, &dev);
        assert!((accuracy.random.unwrap() - (0.6 * 3.0 + 0.2 * 2.0 + 0.2) / 6.0).abs() < 1e-15);
    }

    #[test]
    fn the_loss_of_a_sure_guess_is_infinite_and_that_of_shares_is_not() {
        let (train, dev) = (classes(&[1, 1, 1, 0]), classes(&[1, 0]));
        let baselines = of(TaskKind::Classification, &["no", "yes"], "loss", &train, &dev);
        let by_hand = -(0.75_f64.ln() + 0.25_f64.ln()) / 2.0;
        assert!((baselines.majority.unwrap() - by_hand).abs() < 1e-15);
        assert_eq!(baselines.random, None);
    }

    #[test]
    fn probabilities_of_shares_have_a_log_loss_and_no_area_beyond_chance() {
        let (train, dev) = (classes(&[1, 1, 1, 0]), classes(&[1, 0]));
        let loss = of(TaskKind::Classification, &["no", "yes"], "log_loss", &train, &dev);
        let by_hand = -(0.75_f64.ln() + 0.25_f64.ln()) / 2.0;
        assert!((loss.majority.unwrap() - by_hand).abs() < 1e-15);
        assert_eq!((loss.random, loss.random_guesses), (None, 0));
        let area = of(TaskKind::Classification, &["no", "yes"], "roc_auc", &train, &dev);
        assert_eq!((area.majority, area.random, area.random_guesses), (Some(0.5), Some(0.5), 0));
    }
}
