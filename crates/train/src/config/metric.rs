//! Which metrics apply to which kind of task.

use super::task::TaskKind;

/// The names of the metrics that apply to each kind of task; the first is the default.
///
/// `f1` and `roc_auc` need two labels; `roc_auc` and `log_loss` read probabilities, which classification alone
/// has.
pub const METRICS_BY_KIND: &[(TaskKind, &[&str])] = &[
    (
        TaskKind::Classification,
        &["accuracy", "f1", "micro_f1", "macro_f1", "weighted_f1", "matthews", "roc_auc", "log_loss", "loss"],
    ),
    (TaskKind::MultiLabel, &["micro_f1", "macro_f1", "weighted_f1", "accuracy", "loss"]),
    (TaskKind::Regression, &["pearson", "spearman", "loss"]),
    (
        TaskKind::TokenClassification,
        &["accuracy", "micro_f1", "macro_f1", "weighted_f1", "span_f1", "strict_span_f1", "loss"],
    ),
];

impl TaskKind {
    /// The names of the metrics that apply; the first is the default.
    pub fn metrics(self) -> &'static [&'static str] {
        METRICS_BY_KIND
            .iter()
            .find(|(kind, _)| *kind == self)
            .map(|(_, metrics)| *metrics)
            .expect("every kind has a row in the table")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mtl_metrics::{MetricKey, OutcomeKind};

    #[test]
    fn every_kind_has_its_default_metric() {
        let defaults: Vec<&str> = TaskKind::ALL.iter().map(|kind| kind.metrics()[0]).collect();
        assert_eq!(defaults, ["accuracy", "micro_f1", "pearson", "accuracy"]);
    }

    #[test]
    fn every_metric_of_what_a_kind_predicts_can_be_named() {
        for kind in TaskKind::ALL {
            let outcomes: &[OutcomeKind] = match kind {
                TaskKind::Classification => &[OutcomeKind::Classes, OutcomeKind::Probabilities],
                TaskKind::MultiLabel => &[OutcomeKind::LabelSets],
                TaskKind::Regression => &[OutcomeKind::Values],
                TaskKind::TokenClassification => &[OutcomeKind::Tags],
            };
            let outcomes = outcomes.iter().chain([&OutcomeKind::Losses]);
            let mut applicable: Vec<&str> =
                outcomes.flat_map(|of| MetricKey::applicable_to(*of)).map(|key| key.name()).collect();
            let mut named = kind.metrics().to_vec();
            applicable.sort_unstable();
            named.sort_unstable();
            assert_eq!(named, applicable, "{}", kind.name());
        }
    }
}
