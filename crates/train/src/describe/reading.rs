//! What the literature says of the numbers: readings, not verdicts.
//!
//! The limits between "low", "middling" and "high" are ours; the papers rank tasks, and draw no lines.

use serde::Serialize;

use super::pair::{Category, PairDescription};
use super::task::TaskDescription;
use crate::config::TaskKind;

/// Up to so many labels a label set is called compact.
const COMPACT: usize = 20;
/// Below this share of ln K, the entropy is called low.
const LOW: f64 = 0.25;
/// Above this share of ln K, the labels are called nearly uniform.
const UNIFORM: f64 = 0.9;
/// From this kurtosis on, a few labels are said to stand out.
const PEAKED: f64 = 3.0;
/// Losses are called unlike if the greatest entropy is so many times the least.
const UNLIKE: f64 = 2.0;

const ALONSO: &str = "Alonso & Plank 2017";
const BINGEL: &str = "Bingel & Søgaard 2017";
const STANDLEY: &str = "Standley et al. 2020";
const TABLE: &str = "Worsham & Kalita 2020, Table 1";

/// What a publication says of a number. It is no verdict: only training alone and together can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reading {
    /// The task, or the pairs, that it is about; empty if it is about all.
    pub about: Vec<String>,
    /// The publication.
    pub source: &'static str,
    /// What it says.
    pub text: String,
}

/// The readings of all tasks and pairs.
pub(super) fn readings(tasks: &[TaskDescription], pairs: &[PairDescription]) -> Vec<Reading> {
    let mut readings: Vec<Reading> = tasks.iter().map(label_reading).collect();
    readings.extend(loss_reading(tasks));
    readings.extend(category_readings(pairs));
    if tasks.len() > 1 {
        readings.push(curve_reading());
    }
    readings
}

fn label_reading(task: &TaskDescription) -> Reading {
    let text = if task.kind == TaskKind::Regression.name() {
        "their tasks have labels, this one has numbers; how regressions fare as auxiliary tasks is a question that \
         they leave open, and the entropy of ten parts of the scale is only a stand-in"
            .to_owned()
    } else {
        label_text(task)
    };
    Reading { about: vec![task.name.clone()], source: ALONSO, text }
}

fn label_text(task: &TaskDescription) -> String {
    let labels = &task.labels;
    let (Some(entropy), Some(normalised)) = (labels.entropy, labels.normalised_entropy) else {
        return "no label is given to anything, so there is nothing to learn".to_owned();
    };
    let n_labels = labels.counts.len();
    let size = if n_labels <= COMPACT { "compact" } else { "not compact" };
    let spread = match normalised {
        _ if n_labels == 1 => "with a single label there is nothing to learn".to_owned(),
        low if low < LOW => {
            let total: u64 = labels.counts.iter().map(|label| label.count).sum();
            let most = labels.counts.iter().max_by_key(|label| label.count).expect("there are labels");
            let share = 100.0 * most.count as f64 / total.max(1) as f64;
            format!("low entropy: {share:.0} % are `{}`, which is easy to predict and teaches little", most.label)
        }
        high if high > UNIFORM => {
            "nearly uniform, the most that so many labels allow; their abstract prefers uniform distributions, the \
             survey sums up the best as mid-entropy"
                .to_owned()
        }
        _ => "mid-entropy".to_owned(),
    };
    let verdict = match (size, (LOW..=UNIFORM).contains(&normalised)) {
        ("compact", true) => "; such auxiliary tasks did best",
        ("not compact", true) => "; auxiliary tasks with few labels did better",
        _ => "",
    };
    let peaked = match labels.kurtosis {
        Some(kurtosis) if kurtosis >= PEAKED => "; the high kurtosis says that few labels take most of it",
        _ => "",
    };
    let labels = if n_labels == 1 { "label" } else { "labels" };
    format!("{size} ({n_labels} {labels}, {entropy:.2} nats), {spread}{verdict}{peaked}")
}

/// A model that has learned nothing but the label shares has their entropy as its loss.
fn loss_reading(tasks: &[TaskDescription]) -> Option<Reading> {
    let comparable = |task: &&TaskDescription| {
        task.kind == TaskKind::Classification.name() || task.kind == TaskKind::TokenClassification.name()
    };
    let mut entropies: Vec<(f64, &str)> = tasks
        .iter()
        .filter(comparable)
        .filter_map(|task| Some((task.labels.entropy?, task.name.as_str())))
        .collect();
    entropies.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (&(least, first), &(most, last)) = (entropies.first()?, entropies.last()?);
    (most > UNLIKE * least).then(|| Reading {
        about: vec![first.to_owned(), last.to_owned()],
        source: STANDLEY,
        text: format!(
            "losses of unlike size give gradients of unlike size, which weights of the losses can balance: a model \
             that knows the label shares alone has a loss of {least:.2} on {first} and of {most:.2} on {last}"
        ),
    })
}

fn category_readings(pairs: &[PairDescription]) -> Vec<Reading> {
    let all = [
        Category::StandardLearning,
        Category::InductiveBias,
        Category::DomainRegularization,
        Category::FeatureLearning,
    ];
    let reading = |category: Category| {
        let of = pairs.iter().filter(|pair| pair.category == Some(category));
        let about: Vec<String> = of.map(|pair| format!("{} + {}", pair.first, pair.second)).collect();
        let text = format!("{category}: {}", category_text(category));
        (!about.is_empty()).then_some(Reading { about, source: TABLE, text })
    };
    all.into_iter().filter_map(reading).collect()
}

fn category_text(category: Category) -> &'static str {
    match category {
        Category::StandardLearning => "one task over one domain, so the data could be one larger set",
        Category::InductiveBias => {
            "different tasks over one domain, the standard form: each biases what the other learns"
        }
        Category::DomainRegularization => {
            "one task over different domains: the others regularise it, to do better on unseen examples"
        }
        Category::FeatureLearning => {
            "different tasks over different domains: what they can share is a representation, with no direct likeness"
        }
    }
}

fn curve_reading() -> Reading {
    Reading {
        about: vec![],
        source: BINGEL,
        text: "gains are likelier where the target's learning curve goes flat early and the auxiliary's does not; no \
               number above says that: train each task alone and look at the losses in its history.jsonl"
            .to_owned(),
    }
}
