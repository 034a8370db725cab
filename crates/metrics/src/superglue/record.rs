//! ReCoRD: the entity that fills a gap, against every way in which the text names it.
//!
//! Both scores are the best over the accepted answers, averaged over queries, of texts normalised as SQuAD does (lower case,
//! no ASCII punctuation, no English articles). F1 is that of words, and 0 where two texts share none.
//!
//! Zhang et al. 2018, "ReCoRD: Bridging the Gap between Human and Machine Commonsense Reading Comprehension".

use crate::answers::normalised_agreement;
use crate::error::MetricError;

/// The two scores of ReCoRD, each in `[0, 1]`, higher is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// Mean F1 of words.
    pub f1: f64,
    /// Share of answers that are an accepted one.
    pub exact_match: f64,
}

/// Scores ReCoRD.
///
/// # Shapes
/// `gold`: (queries,), each (accepted answers,); `predicted`: (queries,)
///
/// # Errors
/// Errors if the lengths differ or are 0, or a query has no accepted answer.
pub fn record<G: AsRef<str>, P: AsRef<str>>(gold: &[Vec<G>], predicted: &[P]) -> Result<Record, MetricError> {
    let agreement = normalised_agreement(gold, predicted)?;
    Ok(Record { f1: agreement.f1, exact_match: agreement.exact_match })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_name_counts() {
        let gold = [vec!["Barack Obama", "Obama"], vec!["the U.S."]];
        let scores = record(&gold, &["President Obama", "US"]).unwrap();
        assert_eq!(scores, Record { f1: (2.0 / 3.0 + 1.0) / 2.0, exact_match: 0.5 });
    }
}
