//! Exact match and token F1 of short answers, as the official scripts of SQuAD 1.1 and 2.0 count them.
//!
//! Both compare *normalised* texts ([`normalise_answer`]) with every reference and keep the best. Exact match asks for
//! equal texts. F1 is the harmonic mean of precision and recall over the words as bags,
//! `2 |common| / (|predicted| + |gold|)`. The versions differ where a text normalises to nothing: [`mod@v1`] gives an F1 of
//! 0, [`mod@v2`] reads it as "no answer", which is right for a question that has none.
//!
//! Rajpurkar, Zhang, Lopyrev & Liang 2016; Rajpurkar, Jia & Liang 2018; `evaluate-v1.1.py` and `evaluate-v2.0.py`.
//! Everything here is a share in `[0, 1]`; the scripts print percentages.

pub mod normalise;
pub mod v1;
pub mod v2;

pub(crate) mod overlap;

pub use normalise::normalise_answer;
pub use v1::{squad_v1, squad_v1_answers};
pub use v2::{BestThreshold, NoAnswer, SquadV2Report, squad_v2, squad_v2_answers};

/// How good one answer is, against its best reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnswerScore {
    /// 1 if the normalised texts are equal, else 0.
    pub exact: f64,
    /// F1 of the words, in `[0, 1]`.
    pub f1: f64,
}

impl AnswerScore {
    /// The better of each.
    fn best(self, other: Self) -> Self {
        AnswerScore { exact: self.exact.max(other.exact), f1: self.f1.max(other.f1) }
    }
}

/// Means over the answers of a set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SquadScore {
    /// Share of the answers that match exactly, in `[0, 1]`.
    pub exact: f64,
    /// Mean F1, in `[0, 1]`.
    pub f1: f64,
    /// How many answers.
    pub examples: usize,
}

impl SquadScore {
    /// The means; `None` if there is no answer.
    fn of(answers: impl Iterator<Item = AnswerScore>) -> Option<Self> {
        let (mut exact, mut f1, mut examples) = (0.0, 0.0, 0);
        for answer in answers {
            exact += answer.exact;
            f1 += answer.f1;
            examples += 1;
        }
        let mean = |sum: f64| sum / examples as f64;
        (examples > 0).then(|| SquadScore { exact: mean(exact), f1: mean(f1), examples })
    }
}
