//! Two tasks beside each other.

use std::fmt;

use mtl_curriculum::relatedness::{jaccard, jensen_shannon_similarity, weighted_jaccard};
use serde::Serialize;

use super::domain::Domain;
use super::same_task::SameTask;
use super::vocabulary::{Vocabularies, shared};
use crate::config::Config;
use crate::prepare::Text;

/// What it is to train two tasks together: Table 1 of the survey.
///
/// | | same task | different tasks |
/// |---|---|---|
/// | same domain | `StandardLearning` | `InductiveBias` |
/// | different domains | `DomainRegularization` | `FeatureLearning` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// One task over one domain.
    StandardLearning,
    /// Different tasks over one domain: the standard form of multi-task learning.
    InductiveBias,
    /// One task over different domains: transductive multi-task learning.
    DomainRegularization,
    /// Different tasks over different domains.
    FeatureLearning,
}

impl Category {
    fn of(same_task: bool, same_domain: bool) -> Category {
        match (same_task, same_domain) {
            (true, true) => Category::StandardLearning,
            (false, true) => Category::InductiveBias,
            (true, false) => Category::DomainRegularization,
            (false, false) => Category::FeatureLearning,
        }
    }

    /// The name that the survey gives it.
    pub fn name(self) -> &'static str {
        match self {
            Category::StandardLearning => "Standard Learning Setting",
            Category::InductiveBias => "Inductive Bias (standard) MTL",
            Category::DomainRegularization => "Transductive MTL (Domain Regularization)",
            Category::FeatureLearning => "Multi-Task Feature Learning",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the data of two tasks have in common.
///
/// Words are lower-cased runs of letters and digits of the different train texts, where a pair is two texts; texts
/// are the same if their words are, and texts of fewer than four words are not counted as shared.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PairDescription {
    /// The first task.
    pub first: String,
    /// The second task.
    pub second: String,
    /// Their places in the configuration.
    #[serde(skip)]
    indices: (usize, usize),
    /// The share of all words of either that both have; `null` if one has no words.
    pub jaccard: Option<f64>,
    /// The same of relative frequencies: the sum of the smaller over the sum of the larger.
    pub weighted_jaccard: Option<f64>,
    /// Jensen-Shannon similarity of word frequencies: 1 less the divergence over ln 2.
    pub jensen_shannon_similarity: Option<f64>,
    /// Different texts that stand in the train sets of both.
    pub shared_texts: usize,
    /// Different dev texts of the first task that stand in train of the second: a joint model has seen them.
    pub dev_of_first_in_train_of_second: usize,
    /// Different dev texts of the second task that stand in train of the first.
    pub dev_of_second_in_train_of_first: usize,
    /// Whether they are the same task.
    pub same_task: SameTask,
    /// Whether they are of one domain.
    pub domain: Domain,
    /// The class of the pair in the survey's Table 1; `null` if the domain is not known.
    pub category: Option<Category>,
}

impl PairDescription {
    pub(super) fn of(
        config: &Config,
        text: &Text,
        all: &Vocabularies,
        (i, j): (usize, usize),
    ) -> PairDescription {
        let configs = [&config.tasks[i], &config.tasks[j]];
        let specs = [&text.dataset.tasks[i].spec, &text.dataset.tasks[j].spec];
        let words = [&all.tasks[i], &all.tasks[j]];
        let [left, right] = words.map(|words| all.counts(&words.train, usize::MAX));
        let same_task = SameTask::of(configs, specs);
        let domain = Domain::of(all, configs, words);
        PairDescription {
            first: configs[0].name.clone(),
            second: configs[1].name.clone(),
            indices: (i, j),
            jaccard: jaccard(&left, &right).ok(),
            weighted_jaccard: weighted_jaccard(&left, &right).ok(),
            jensen_shannon_similarity: jensen_shannon_similarity(&left, &right).ok(),
            shared_texts: shared(&words[0].train_set, &words[1].train_set),
            dev_of_first_in_train_of_second: shared(&words[0].dev_set, &words[1].train_set),
            dev_of_second_in_train_of_first: shared(&words[1].dev_set, &words[0].train_set),
            category: domain.same.map(|same| Category::of(same_task.same, same)),
            same_task,
            domain,
        }
    }

    /// The places of the two tasks in the configuration.
    pub fn task_indices(&self) -> (usize, usize) {
        self.indices
    }
}
