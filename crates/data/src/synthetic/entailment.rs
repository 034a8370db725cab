//! The task `entailment`: does the second sentence follow from the first, contradict it, or neither?
//!
//! The label is computed from the two meanings by [`relation`], whatever way the pair was made.
//! As in collections made by people, denied hypotheses are more often contradictions than not: a
//! reader of the second sentence alone is right somewhat more often than by chance.

use super::change;
use super::grammar::Sentence;
use super::lexicon::opposite;
use super::meaning::{Degree, Meaning, NounPhrase, Quality};
use super::rng::Rng;
use super::sample::Sample;
use crate::Label;

/// What a premise says about a hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Entailment,
    Neutral,
    Contradiction,
}

const RELATIONS: [Relation; 3] = [Relation::Entailment, Relation::Neutral, Relation::Contradiction];

impl Relation {
    fn name(self) -> &'static str {
        match self {
            Self::Entailment => "entailment",
            Self::Neutral => "neutral",
            Self::Contradiction => "contradiction",
        }
    }
}

pub(super) fn draw(rng: &mut Rng) -> Sample {
    let target = rng.pick(&RELATIONS);
    loop {
        let premise = Meaning::draw(rng, 20);
        let hypothesis = hypothesis(&premise, target, rng);
        if change::makes_sense(&hypothesis) && relation(&premise, &hypothesis) == target {
            let sentences = [premise, hypothesis].map(|meaning| Sentence::say(&meaning, rng));
            return Sample { sentences: sentences.into(), label: Label::Class(target.name().to_owned()) };
        }
    }
}

/// A hypothesis that is meant to stand in the relation `target`; the caller checks it.
fn hypothesis(premise: &Meaning, target: Relation, rng: &mut Rng) -> Meaning {
    let mut meaning = *premise;
    if target == Relation::Neutral {
        meaning = change::vary(meaning, rng);
    }
    for _ in 0..rng.below(4) {
        meaning = change::weaken(meaning, rng);
    }
    let deny = match target {
        Relation::Entailment => false,
        Relation::Neutral => rng.chance(20),
        Relation::Contradiction => true,
    };
    if deny {
        meaning = meaning.denied();
    }
    match opposite(meaning.verb_idx) {
        Some(verb_idx) if rng.chance(25) => Meaning { verb_idx, ..meaning }.denied(),
        _ => meaning,
    }
}

fn relation(premise: &Meaning, hypothesis: &Meaning) -> Relation {
    if entails(premise, hypothesis) {
        Relation::Entailment
    } else if entails(premise, &hypothesis.denied()) {
        Relation::Contradiction
    } else {
        Relation::Neutral
    }
}

/// Whether `hypothesis` must be true if `premise` is, of the same agent and patient.
///
/// What is asserted holds with fewer circumstances; what is denied does not hold with more; and
/// what is done is not its opposite (who loved did not hate).
fn entails(premise: &Meaning, hypothesis: &Meaning) -> bool {
    let same_parts = covers(&hypothesis.agent, &premise.agent)
        && covers(&hypothesis.patient, &premise.patient)
        && hypothesis.future == premise.future;
    let (said, asked) = (&premise.circumstances, &hypothesis.circumstances);
    let same_verb = premise.verb_idx == hypothesis.verb_idx;
    same_parts
        && match (premise.negated, hypothesis.negated) {
            (false, false) => same_verb && asked.within(said),
            (true, true) => same_verb && said.within(asked),
            (false, true) => opposite(premise.verb_idx) == Some(hypothesis.verb_idx),
            (true, false) => false,
        }
}

/// Whether `general` is true of everything that `special` is true of.
fn covers(general: &NounPhrase, special: &NounPhrase) -> bool {
    let same_noun = general.noun.kind_idx == special.noun.kind_idx
        && (general.noun.member.is_none() || general.noun.member == special.noun.member);
    same_noun && general.quality.is_none_or(|asked| special.quality.is_some_and(|said| implies(said, asked)))
}

/// Whether the quality `said` implies the quality `asked`: "very old" implies "old".
fn implies(said: Quality, asked: Quality) -> bool {
    said.adjective_idx == asked.adjective_idx
        && (asked.degree == Degree::Plain || asked.degree == said.degree)
}

#[cfg(test)]
mod tests {
    use super::super::grammar::tests::meaning;
    use super::*;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    /// A chain of three meanings, each made from the one before it by small changes.
    fn chain(seed: u64) -> [Meaning; 3] {
        let mut rng = Rng::new(seed, "chain");
        let first = Meaning::draw(&mut rng, 50);
        let targets = [rng.pick(&RELATIONS), rng.pick(&RELATIONS)];
        let second = hypothesis(&first, targets[0], &mut rng);
        [first, second, hypothesis(&second, targets[1], &mut rng)]
    }

    #[test]
    fn hypernyms_follow_and_members_do_not() {
        let farmer = meaning();
        let mut worker = farmer;
        worker.agent.noun.member = None;
        assert_eq!(relation(&farmer, &worker), Relation::Entailment);
        assert_eq!(relation(&worker, &farmer), Relation::Neutral);
    }

    #[test]
    fn circumstances_may_go_from_what_is_asserted_and_come_to_what_is_denied() {
        let quietly_denied = meaning();
        let mut denied = quietly_denied;
        denied.circumstances.manner = None;
        assert_eq!(relation(&denied, &quietly_denied), Relation::Entailment);
        assert_eq!(relation(&quietly_denied, &denied), Relation::Neutral);
        assert_eq!(relation(&quietly_denied.denied(), &denied.denied()), Relation::Entailment);
        assert_eq!(relation(&quietly_denied.denied(), &denied), Relation::Contradiction);
    }

    #[test]
    fn who_admired_did_not_mock() {
        let admired = meaning().denied();
        let mocked = Meaning { verb_idx: opposite(admired.verb_idx).expect("admire has one"), ..admired };
        assert_eq!(relation(&admired, &mocked), Relation::Contradiction);
        assert_eq!(relation(&admired, &mocked.denied()), Relation::Entailment);
        assert_eq!(relation(&admired.denied(), &mocked), Relation::Neutral);
    }

    proptest! {
        #[test]
        fn a_sentence_entails_itself_and_contradicts_its_denial(seed: u64) {
            for meaning in chain(seed) {
                prop_assert_eq!(relation(&meaning, &meaning), Relation::Entailment);
                prop_assert_eq!(relation(&meaning, &meaning.denied()), Relation::Contradiction);
            }
        }

        #[test]
        fn entailment_is_transitive(seed: u64) {
            let [first, second, third] = chain(seed);
            if entails(&first, &second) && entails(&second, &third) {
                prop_assert!(entails(&first, &third));
            }
        }

        #[test]
        fn nothing_entails_a_sentence_and_its_denial(seed: u64) {
            let [first, second, _] = chain(seed);
            prop_assert!(!(entails(&first, &second) && entails(&first, &second.denied())));
        }
    }
}
