//! The task `sentiment`: is what a sentence says good, bad, or neither?
//!
//! The polarity of the verb counts most and is turned around by negation; the qualities of agent
//! and patient count less, and more or less by their degree. The sign of the sum is the class.

use super::grammar::Sentence;
use super::meaning::{Degree, Meaning, NounPhrase};
use super::rng::Rng;
use super::sample::Sample;
use crate::Label;

const CLASSES: [(&str, i32); 3] = [("negative", -1), ("neutral", 0), ("positive", 1)];

pub(super) fn draw(rng: &mut Rng) -> Sample {
    let (class, sign) = rng.pick(&CLASSES);
    let meaning = loop {
        let meaning = Meaning::draw(rng, 30);
        if valence(&meaning).signum() == sign {
            break meaning;
        }
    };
    Sample { sentences: vec![Sentence::say(&meaning, rng)], label: Label::Class(class.to_owned()) }
}

/// How good (above 0) or bad (below 0) it is, from -10 to 10.
pub(super) fn valence(meaning: &Meaning) -> i32 {
    4 * meaning.attitude() + praise(&meaning.agent) + praise(&meaning.patient)
}

fn praise(phrase: &NounPhrase) -> i32 {
    phrase.quality.map_or(0, |quality| {
        let weight = match quality.degree {
            Degree::Weak => 1,
            Degree::Plain => 2,
            Degree::Strong => 3,
        };
        weight * quality.adjective().polarity
    })
}

#[cfg(test)]
mod tests {
    use super::super::grammar::tests::meaning;
    use super::*;

    #[test]
    fn negation_turns_the_verb_around_and_leaves_the_qualities() {
        // "the farmer did not admire a very pretty coat": -4 + 3
        let denied = meaning();
        assert_eq!(valence(&denied), -4);
        let mut pretty = denied;
        pretty.patient.quality.as_mut().expect("the coat is described").adjective_idx = 3;
        assert_eq!(valence(&pretty), -1);
        assert_eq!(valence(&pretty.denied()), 7);
    }
}
