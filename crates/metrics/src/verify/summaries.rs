//! Numbers over tasks, runs and candidates.

use super::{BY_HAND, Check, EXACT, got};
use crate::aggregate::Aggregate;
use crate::key::MetricKey;
use crate::ranks::average_ranks;
use crate::scale::Direction::{self, Higher, Lower};
use crate::selection::{WeightedMetric, normalised_means};
use crate::summary::{Comparison, mean_ranks, relative_gain, standard_deviation};

pub(super) fn verify(check: Check) {
    aggregates(check);
    summaries(check);
}

fn aggregates(check: Check) {
    let mqan = [
        ("squad", 77.0),
        ("iwslt", 21.4),
        ("cnn-dailymail", 24.4),
        ("mnli", 74.0),
        ("sst", 86.5),
        ("qa-srl", 80.9),
        ("qa-zre", 40.9),
        ("woz", 84.8),
        ("wikisql", 70.2),
        ("mwsc", 48.8),
    ];
    // Published as 609.0, from columns that were not rounded.
    let score = got(Aggregate::DecaNlp.score(&mqan));
    check("decaScore of MQAN", "McCann 2018, rounded columns", &[608.9], &[score], 1e-9);
    let of = |aggregate: Aggregate, scores: &[(&str, f64)]| {
        got(aggregate.so_far(scores).map(|score| score.unwrap_or(f64::NAN)))
    };
    let found = of(Aggregate::Glue, &[("cola", 60.0), ("mnli", 80.0), ("mnli-mismatched", 90.0)]);
    check("GLUE score over two tasks", BY_HAND, &[72.5], &[found], EXACT);
    let found = of(Aggregate::SuperGlue, &[("boolq", 80.0), ("cb", 60.0), ("ax-b", 0.0)]);
    check("SuperGLUE score over two tasks", BY_HAND, &[70.0], &[found], EXACT);
}

fn summaries(check: Check) {
    let comparison = |baseline, score, direction: Direction| Comparison { baseline, score, direction };
    let first = vec![comparison(96.0, 93.0, Higher), comparison(98.0, 99.0, Lower)];
    let gain = relative_gain(&[first, vec![comparison(0.2, 0.5, Higher)]]);
    check("relative gain of two tasks", "Maninis 2019", &[0.739636], &[got(gain)], 5e-7);
    let ranks = average_ranks(&[10.0, 30.0, 20.0, 20.0]);
    check("average ranks", BY_HAND, &[1.0, 4.0, 2.5, 2.5], &ranks, 0.0);
    let ranks = mean_ranks(&[vec![0.9, 0.4], vec![0.8, 0.3], vec![0.9, 0.5]], &[Higher, Lower]);
    check("mean ranks", BY_HAND, &[1.75, 2.0, 2.25], &ranks.unwrap_or_default(), EXACT);
    let task = |metric, weight| WeightedMetric { metric, weight };
    let tasks = [task(MetricKey::Accuracy, 3.0), task(MetricKey::Matthews, 1.0)];
    let means = normalised_means(&[vec![0.8, 0.0]], &tasks);
    check("weighted mean in the metrics' ranges", BY_HAND, &[0.725], &means.unwrap_or_default(), EXACT);
    let spread = standard_deviation(&[2.0, 4.0, 9.0]);
    check("sample standard deviation", BY_HAND, &[13.0_f64.sqrt()], &[got(spread)], EXACT);
}
