//! The task `similarity`: how much of their meaning two sentences share, from 0 to 5.

use super::change;
use super::grammar::Sentence;
use super::meaning::{Meaning, NounPhrase};
use super::rng::Rng;
use super::sample::Sample;
use crate::Label;

pub(super) fn draw(rng: &mut Rng) -> Sample {
    let first = Meaning::draw(rng, 30);
    let second = loop {
        let second = changed(first, rng);
        if change::makes_sense(&second) {
            break second;
        }
    };
    let label = Label::Value(f64::from(tenths(&first, &second)) / 10.0);
    Sample { sentences: [first, second].map(|meaning| Sentence::say(&meaning, rng)).into(), label }
}

/// Something between the same meaning and quite another one.
fn changed(mut meaning: Meaning, rng: &mut Rng) -> Meaning {
    if rng.chance(10) {
        return Meaning::draw(rng, 30);
    }
    for _ in 0..rng.below(7) {
        meaning = change::vary(meaning, rng);
    }
    if rng.chance(25) { meaning.denied() } else { meaning }
}

/// The overlap of two meanings in tenths of a point, 0 to 50: 20 for the act, 12 each for agent and
/// patient, 2 each for manner, place and time.
fn tenths(first: &Meaning, second: &Meaning) -> u32 {
    let (here, there) = (&first.circumstances, &second.circumstances);
    let circumstances = u32::from(here.manner == there.manner)
        + u32::from(here.place == there.place)
        + u32::from(here.time == there.time);
    act(first, second)
        + participant(&first.agent, &second.agent)
        + participant(&first.patient, &second.patient)
        + 2 * circumstances
}

/// 20 for the same act, 10 for one of the same attitude, 4 where one has none, 0 for opposed ones.
fn act(first: &Meaning, second: &Meaning) -> u32 {
    if (first.verb_idx, first.negated) == (second.verb_idx, second.negated) {
        return 20;
    }
    match first.attitude() * second.attitude() {
        1 => 10,
        0 => 4,
        _ => 0,
    }
}

/// 10 for the same noun, 6 for one of the same kind, 2 for two beings or two things; 2 more for the
/// same quality (or none).
fn participant(first: &NounPhrase, second: &NounPhrase) -> u32 {
    let noun = if first.noun == second.noun {
        10
    } else if first.noun.kind_idx == second.noun.kind_idx {
        6
    } else if first.noun.kind().fit == second.noun.kind().fit {
        2
    } else {
        0
    };
    noun + if first.quality == second.quality { 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::grammar::tests::meaning;
    use super::super::lexicon::opposite;
    use super::*;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    #[test]
    fn opposed_acts_share_their_participants_only() {
        let admired = meaning();
        let mocked = Meaning { verb_idx: opposite(admired.verb_idx).expect("admire has one"), ..admired };
        assert_eq!(tenths(&admired, &mocked), 30);
        assert_eq!(tenths(&admired, &mocked.denied()), 40);
    }

    proptest! {
        #[test]
        fn similarity_is_symmetric_and_highest_with_itself(seed: u64) {
            let mut rng = Rng::new(seed, "similarity");
            let first = Meaning::draw(&mut rng, 30);
            let second = changed(first, &mut rng);
            prop_assert_eq!(tenths(&first, &second), tenths(&second, &first));
            prop_assert_eq!(tenths(&first, &first), 50);
            prop_assert!(tenths(&first, &second) < 50 || first == second);
        }
    }
}
