//! GLUE: each task's metrics; two metrics of a task count as their mean. Wang et al. 2018, table 5.

use mtl_metrics::{MetricKey, Outcomes, score as score_by};

use super::{Answered, Scored};
use crate::error::TrainError;

pub(super) fn score(answered: &Answered<'_>) -> Result<Scored, TrainError> {
    let metrics = answered.task.metrics.iter().map(|name| {
        let key: MetricKey = name.parse().expect("the metrics of GLUE are known");
        let value = if answered.task.labels.is_empty() {
            let (gold, predicted) = (numbers(&answered.gold()?), numbers(&answered.predicted()));
            score_by(key, &Outcomes::Values { gold: &gold, predicted: &predicted })
        } else {
            let (gold, predicted) = answered.classes()?;
            let n_classes = answered.task.labels.len();
            score_by(key, &Outcomes::Classes { gold: &gold, predicted: &predicted, n_classes })
        };
        Ok((*name, value.map_err(|error| answered.failed(error))?))
    });
    Ok(Scored::all(metrics.collect::<Result<Vec<_>, TrainError>>()?))
}

fn numbers(texts: &[&str]) -> Vec<f64> {
    texts.iter().map(|text| text.parse().expect("both files were read as numbers")).collect()
}
