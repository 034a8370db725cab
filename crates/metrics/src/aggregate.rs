//! One number for a benchmark: the GLUE score, the SuperGLUE score and the decaScore.
//!
//! All scores are in points, from 0 to 100 as the papers print them (a correlation from -100), and higher is better. A task
//! with two metrics has their mean as its score. The GLUE and SuperGLUE scores are plain means over tasks, the two dev sets
//! of MNLI being one task of GLUE as on its leaderboard; the decaScore is a sum. Diagnostics (AX, AX-b, AX-g) are not counted.
//!
//! Wang et al. 2018 (GLUE), Wang et al. 2019 (SuperGLUE), McCann et al. 2018 (decaNLP).

use crate::error::MetricError;
use crate::scale::Scale;

/// A benchmark's one number.
///
/// ```
/// use mtl_metrics::Aggregate;
///
/// let scores = [("cola", 60.0), ("mnli", 80.0), ("mnli-mismatched", 90.0), ("ax", 10.0)];
/// assert_eq!(Aggregate::Glue.so_far(&scores)?, Some((60.0 + 85.0) / 2.0));
/// let error = Aggregate::Glue.score(&scores).unwrap_err();
/// assert_eq!(error.to_string(), "no GLUE score without sst-2, mrpc, sts-b, qqp, qnli, rte, wnli");
/// # Ok::<(), mtl_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// The GLUE score, from -22.2 to 100: the mean over nine tasks, of which CoLA and STS-B can be negative.
    Glue,
    /// The SuperGLUE score, from 0 to 100: the mean over eight tasks.
    SuperGlue,
    /// The decaScore, from 0 to 1000: the sum over ten tasks.
    DecaNlp,
}

impl Aggregate {
    /// The number's name.
    pub fn name(self) -> &'static str {
        match self {
            Aggregate::Glue => "GLUE score",
            Aggregate::SuperGlue => "SuperGLUE score",
            Aggregate::DecaNlp => "decaScore",
        }
    }

    /// Which way is better, and the range of the number over all tasks.
    pub const fn scale(self) -> Scale {
        match self {
            // Two of the nine tasks are scored by correlations.
            Aggregate::Glue => Scale::higher(-200.0 / 9.0, 100.0),
            Aggregate::SuperGlue => Scale::higher(0.0, 100.0),
            Aggregate::DecaNlp => Scale::higher(0.0, 1000.0),
        }
    }

    /// The tasks that count, each with the sets that it is the mean of.
    pub fn tasks(self) -> &'static [&'static [&'static str]] {
        match self {
            Aggregate::Glue => &[
                &["cola"],
                &["sst-2"],
                &["mrpc"],
                &["sts-b"],
                &["qqp"],
                &["mnli", "mnli-mismatched"],
                &["qnli"],
                &["rte"],
                &["wnli"],
            ],
            Aggregate::SuperGlue => {
                &[&["boolq"], &["cb"], &["copa"], &["multirc"], &["record"], &["rte"], &["wic"], &["wsc"]]
            }
            Aggregate::DecaNlp => &[
                &["squad"],
                &["iwslt"],
                &["cnn-dailymail"],
                &["mnli"],
                &["sst"],
                &["qa-srl"],
                &["qa-zre"],
                &["woz"],
                &["wikisql"],
                &["mwsc"],
            ],
        }
    }

    /// Whether a set counts.
    pub fn counts(self, set: &str) -> bool {
        self.tasks().concat().contains(&set)
    }

    /// The number over the sets that have a score, the others left out; `None` if none that counts has one.
    ///
    /// # Errors
    /// Errors if a score is not finite.
    pub fn so_far(self, scores: &[(&str, f64)]) -> Result<Option<f64>, MetricError> {
        let of_set = |set: &&str| scores.iter().find(|(name, _)| name == set).map(|(_, score)| *score);
        let of_task = |sets: &&[&str]| mean(&sets.iter().filter_map(of_set).collect::<Vec<_>>());
        let tasks: Vec<f64> = self.tasks().iter().filter_map(of_task).collect();
        crate::check::finite("score of task", &tasks)?;
        Ok(match self {
            Aggregate::DecaNlp => (!tasks.is_empty()).then(|| tasks.iter().sum()),
            _ => mean(&tasks),
        })
    }

    /// The number.
    ///
    /// # Errors
    /// Errors with the sets that have no score, or if a score is not finite.
    pub fn score(self, scores: &[(&str, f64)]) -> Result<f64, MetricError> {
        let known = |set: &&str| scores.iter().any(|(name, _)| name == set);
        let missing: Vec<_> = self.tasks().concat().into_iter().filter(|set| !known(set)).collect();
        match self.so_far(scores)? {
            Some(score) if missing.is_empty() => Ok(score),
            _ => Err(MetricError::MissingTasks { aggregate: self.name(), missing }),
        }
    }
}

fn mean(scores: &[f64]) -> Option<f64> {
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(aggregate: Aggregate, score: f64) -> Vec<(&'static str, f64)> {
        aggregate.tasks().concat().into_iter().map(|set| (set, score)).collect()
    }

    #[test]
    fn means_are_over_tasks_and_the_decascore_is_a_sum() {
        for (aggregate, expected) in
            [(Aggregate::Glue, 50.0), (Aggregate::SuperGlue, 50.0), (Aggregate::DecaNlp, 500.0)]
        {
            assert_eq!(aggregate.score(&all(aggregate, 50.0)), Ok(expected), "{}", aggregate.name());
        }
        // One set of MNLI counts half of what another task does.
        for (set, gain) in [("mnli", 0.5), ("rte", 1.0)] {
            let mut scores = all(Aggregate::Glue, 0.0);
            scores.iter_mut().filter(|(name, _)| *name == set).for_each(|(_, score)| *score = 9.0);
            assert_eq!(Aggregate::Glue.score(&scores), Ok(gain), "{set}");
        }
    }

    #[test]
    fn the_best_and_the_worst_scores_are_the_ends_of_the_range() {
        for aggregate in [Aggregate::Glue, Aggregate::SuperGlue, Aggregate::DecaNlp] {
            let mut scores = all(aggregate, 100.0);
            assert_eq!(aggregate.score(&scores), Ok(aggregate.scale().range.1));
            for (set, score) in &mut scores {
                *score = if ["cola", "sts-b"].contains(set) { -100.0 } else { 0.0 };
            }
            assert_eq!(aggregate.score(&scores), Ok(aggregate.scale().range.0));
        }
    }

    #[test]
    fn diagnostics_do_not_count_and_what_is_missing_is_named() {
        assert_eq!(Aggregate::SuperGlue.so_far(&[("ax-b", 3.0)]), Ok(None));
        assert!(!Aggregate::Glue.counts("ax") && Aggregate::Glue.counts("mnli-mismatched"));
        let error = Aggregate::DecaNlp.score(&[]).unwrap_err();
        assert!(matches!(error, MetricError::MissingTasks { missing, .. } if missing.len() == 10));
        assert!(Aggregate::Glue.score(&all(Aggregate::Glue, f64::NAN)).is_err());
    }
}
