//! What is wrong, or may be, with the data: each in one line.

use super::pair::PairDescription;
use super::task::TaskDescription;
use super::vocabulary::SHARED_WORDS;
use crate::dataset::Dataset;

pub(super) fn warnings(
    dataset: &Dataset,
    tasks: &[TaskDescription],
    pairs: &[PairDescription],
) -> Vec<String> {
    let mut warnings = Vec::new();
    for (data, task) in dataset.tasks.iter().zip(tasks) {
        if data.duplicates.count > 0 {
            warnings.push(format!("task `{}`: {}", task.name, data.duplicates));
        }
        if task.duplicated.contradicting > 0 {
            let (count, name) = (task.duplicated.contradicting, &task.name);
            warnings.push(format!(
                "task `{name}`: {count} train examples have the text of an earlier one and another label"
            ));
        }
    }
    warnings.extend(pairs.iter().flat_map(seen_by_the_other));
    warnings.extend(pairs.iter().filter_map(guessed));
    warnings
}

/// Dev texts of one task that the other trains on: a joint model has read them, a single one has not.
fn seen_by_the_other(pair: &PairDescription) -> Vec<String> {
    let both = [
        (&pair.first, &pair.second, pair.dev_of_first_in_train_of_second),
        (&pair.second, &pair.first, pair.dev_of_second_in_train_of_first),
    ];
    both.into_iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|(dev, train, count)| {
            let (texts, stand, them, their) =
                if count == 1 { ("text", "stands", "it", "its") } else { ("texts", "stand", "them", "their") };
            format!(
                "{count} dev {texts} of task `{dev}` (of {SHARED_WORDS} words or more) {stand} in train of `{train}`: \
                 a joint model has read {them}, though not {their} labels for `{dev}`"
            )
        })
        .collect()
}

fn guessed(pair: &PairDescription) -> Option<String> {
    let (first, second, same) = (&pair.first, &pair.second, &pair.same_task);
    (!same.certain).then(|| {
        format!(
            "tasks `{first}` and `{second}` count as the same task, {}: look whether they are",
            same.because
        )
    })
}
