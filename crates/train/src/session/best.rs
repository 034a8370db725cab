//! Which evaluation's weights are kept.
//!
//! Only targets have a say. Of the weights that were kept so far and those of the newest evaluation, the better ones as [`Select`] says; ranks are
//! those among all evaluations so far. Where both are equal the older weights stay. (An evaluation that lost once is not
//! reconsidered, since its weights are gone.)

use mtl_metrics::{
    Comparison, Direction, MetricError, WeightedMetric, mean_ranks, normalised_means, relative_gain,
};

use crate::config::{Config, Select, TaskConfig};
use crate::error::TrainError;
use crate::scores::Scores;

/// Whether the newest evaluation is better than the one of step `kept`.
pub(super) fn newest_is_better(
    evaluations: &[(u64, Scores)],
    kept: Option<u64>,
    config: &Config,
) -> Result<bool, TrainError> {
    let Some(kept) = evaluations.iter().position(|(step, _)| Some(*step) == kept) else { return Ok(true) };
    let targets: Vec<&TaskConfig> = config.tasks.iter().filter(|task| task.is_target()).collect();
    let of = |(_, scores): &(u64, Scores)| -> Vec<f64> {
        targets.iter().map(|task| scores[&task.name][&task.metric]).collect()
    };
    let scores: Vec<Vec<f64>> = evaluations.iter().map(of).collect();
    let select = config.train.select.unwrap_or(Select::MeanRank);
    let goodness = goodness(select, &scores, &targets).map_err(TrainError::Summary)?;
    Ok(goodness[goodness.len() - 1] > goodness[kept])
}

/// How good each evaluation is, higher being better.
///
/// # Shapes
///
/// `scores: (evaluations,)`, each `(tasks,)`; result: `(evaluations,)`.
fn goodness(select: Select, scores: &[Vec<f64>], tasks: &[&TaskConfig]) -> Result<Vec<f64>, MetricError> {
    match select {
        Select::MeanRank => {
            let directions: Vec<Direction> = tasks.iter().map(|task| task.metric_key().direction()).collect();
            Ok(mean_ranks(scores, &directions)?.into_iter().map(|rank| -rank).collect())
        }
        Select::NormalisedMean => {
            let weighted = |task: &&TaskConfig| WeightedMetric {
                metric: task.metric_key(),
                weight: task.importance.unwrap_or(1.0),
            };
            normalised_means(scores, &tasks.iter().map(weighted).collect::<Vec<_>>())
        }
        Select::RelativeGain => scores
            .iter()
            .map(|scores| {
                let over_baseline = |(task, &score): (&&TaskConfig, &f64)| {
                    let baseline = task.baseline.expect("the configuration was checked");
                    vec![Comparison { baseline, score, direction: task.metric_key().direction() }]
                };
                relative_gain(&tasks.iter().zip(scores).map(over_baseline).collect::<Vec<_>>())
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Two tasks, the first three times as important, judged by accuracy and by the other metric.
    fn config(select: &str, metric: &str) -> Config {
        let task = |name: &str, keys: &str| {
            format!(
                "[tasks.{name}]\nkind = \"classification\"\ntext = \"text\"\nlabel = \"label\"\n\
                 train = \"{name}.tsv\"\n{keys}\n"
            )
        };
        let text = format!(
            "[encoder]\npreset = \"bert-tiny\"\ntokenizer = \"vocab.txt\"\n\
             [train]\nkeep = \"best\"\nselect = \"{select}\"\n{}{}",
            task("a", "importance = 3\nbaseline = 0.5"),
            task("b", &format!("metric = \"{metric}\"\nbaseline = 0.1")),
        );
        Config::parse(&text, Path::new("mtl.toml"), None).unwrap()
    }

    fn better(config: &Config, history: &[[f64; 2]], kept: Option<u64>) -> bool {
        let scores = |scores: [f64; 2]| {
            let tasks = config.tasks.iter().zip(scores);
            tasks.map(|(task, score)| (task.name.clone(), [(task.metric.clone(), score)].into())).collect()
        };
        let evaluations: Vec<(u64, Scores)> =
            (1..).zip(history).map(|(step, pair)| (step, scores(*pair))).collect();
        newest_is_better(&evaluations, kept, config).unwrap()
    }

    #[test]
    fn the_lower_mean_rank_wins_and_ties_keep_the_older() {
        let config = config("mean-rank", "loss");
        assert!(better(&config, &[[0.5, 1.0]], None));
        assert!(better(&config, &[[0.5, 1.0], [0.6, 0.9]], Some(1)));
        assert!(!better(&config, &[[0.5, 1.0], [0.6, 1.1]], Some(1)));
        assert!(!better(&config, &[[0.5, 1.0], [0.5, 1.0]], Some(1)));
    }

    #[test]
    fn the_higher_normalised_mean_wins_by_importance() {
        let config = config("normalised-mean", "matthews");
        // 3/4 of accuracy's gain of .1 against 1/4 of half of Matthews' loss of .5, and of .7.
        assert!(better(&config, &[[0.5, 0.5], [0.6, 0.0]], Some(1)));
        assert!(!better(&config, &[[0.5, 0.5], [0.6, -0.2]], Some(1)));
    }

    #[test]
    fn the_higher_relative_gain_wins() {
        let config = config("relative-gain", "matthews");
        // A fifth more of .5 against half of .1, and a tenth more of .5 against a tenth of .1 less.
        assert!(!better(&config, &[[0.5, 0.1], [0.6, 0.05]], Some(1)));
        assert!(better(&config, &[[0.5, 0.1], [0.6, 0.095]], Some(1)));
    }
}
