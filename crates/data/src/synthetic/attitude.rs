//! The task `attitude`: does the agent treat the patient well, ill, or neither?
//!
//! It needs the verb's polarity and its negation, which `sentiment` teaches too, and must not look at
//! the qualities, which `sentiment` counts. It is the task of few labels.

use super::grammar::Sentence;
use super::meaning::Meaning;
use super::rng::Rng;
use super::sample::Sample;
use crate::Label;

const CLASSES: [(&str, i32); 3] = [("ill", -1), ("neither", 0), ("well", 1)];

pub(super) fn draw(rng: &mut Rng) -> Sample {
    let (class, attitude) = rng.pick(&CLASSES);
    let meaning = loop {
        let meaning = Meaning::draw(rng, 40);
        if meaning.attitude() == attitude {
            break meaning;
        }
    };
    Sample { sentences: vec![Sentence::say(&meaning, rng)], label: Label::Class(class.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_classes_are_drawn() {
        let mut rng = Rng::new(1, "attitude");
        let labels: Vec<Label> = (0..50).map(|_| draw(&mut rng).label).collect();
        for (class, _) in CLASSES {
            assert!(labels.contains(&Label::Class(class.to_owned())), "{class}");
        }
    }
}
