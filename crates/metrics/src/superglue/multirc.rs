//! MultiRC: a question has several answer options, and any number of them are right.
//!
//! *F1a* is the F1 of 'right' over all options of all questions; *exact match* is the share of questions whose options
//! are all judged rightly.
//!
//! Khashabi et al. 2018, "Looking Beyond the Surface: A Challenge Set for Reading Comprehension over Multiple
//! Sentences"; these two are what SuperGLUE reports.

use crate::check;
use crate::error::MetricError;

/// The two scores of MultiRC, each in `[0, 1]`, higher is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiRc {
    /// F1 of 'right' over all options; 0 if none is right or judged so.
    pub f1a: f64,
    /// Share of questions without a mistake.
    pub exact_match: f64,
}

/// Scores MultiRC.
///
/// `questions` names the question of each option (of paragraph and question, where questions are numbered within
/// paragraphs); options of one need not stand together.
///
/// # Shapes
/// `questions`, `gold`, `predicted`: (options,)
///
/// # Errors
/// Errors if the lengths differ or are 0.
pub fn multirc<Q: Ord>(questions: &[Q], gold: &[bool], predicted: &[bool]) -> Result<MultiRc, MetricError> {
    check::paired("answer options", gold.len(), predicted.len())?;
    check::grouped(questions.len(), gold.len())?;
    let count = |options: &[bool]| options.iter().filter(|&&right| right).count();
    let both = gold.iter().zip(predicted).filter(|(gold, predicted)| **gold && **predicted).count();
    let f1a = match count(gold) + count(predicted) {
        0 => 0.0,
        occurrences => 2.0 * both as f64 / occurrences as f64,
    };
    // Sorting takes linear time where options of one question stand together in order, as they do in the files.
    let mut order: Vec<usize> = (0..questions.len()).collect();
    order.sort_by_key(|&option| &questions[option]);
    let (mut n_right, mut n_questions) = (0, 0);
    for options in order.chunk_by(|&left, &right| questions[left] == questions[right]) {
        n_right += usize::from(options.iter().all(|&option| gold[option] == predicted[option]));
        n_questions += 1;
    }
    Ok(MultiRc { f1a, exact_match: n_right as f64 / n_questions as f64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_pooled_and_questions_are_whole() {
        let questions = [(0, 0), (0, 1), (0, 0), (1, 0)];
        let scores = multirc(&questions, &[true, false, false, true], &[true, true, false, true]).unwrap();
        assert_eq!(scores, MultiRc { f1a: 0.8, exact_match: 2.0 / 3.0 });
    }

    #[test]
    fn bad_input_is_named() {
        let error = multirc(&[0, 0], &[true], &[true]).unwrap_err();
        assert_eq!(error.to_string(), "2 group names for 1 examples");
        assert!(multirc::<u8>(&[], &[], &[]).is_err());
    }
}
