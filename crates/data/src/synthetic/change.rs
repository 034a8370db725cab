//! Small changes of a meaning, from which the pairs of the pair tasks are made.

use super::lexicon::{Fit, VERBS};
use super::meaning::{self, Meaning, Noun, NounPhrase, Quality};
use super::rng::Rng;

/// Drops or adds one thing so that the result still follows, if there is such a thing.
///
/// An asserted event also happened with less said of it; a denied one also did not happen with
/// more said of it. Qualities and hypernyms only say who is meant, so they may go in both cases.
pub(super) fn weaken(mut meaning: Meaning, rng: &mut Rng) -> Meaning {
    match rng.below(5) {
        0 => meaning.agent.quality = None,
        1 => meaning.patient.quality = None,
        2 => meaning.agent = generalise(meaning.agent),
        3 => meaning.patient = generalise(meaning.patient),
        _ if meaning.negated => specify(&mut meaning, rng),
        _ => leave_out(&mut meaning, rng),
    }
    meaning
}

/// Changes one thing, chosen at random, into something else.
pub(super) fn vary(mut meaning: Meaning, rng: &mut Rng) -> Meaning {
    match rng.below(10) {
        0 => std::mem::swap(&mut meaning.agent, &mut meaning.patient),
        1 => meaning.agent = other_member(meaning.agent, rng),
        2 => meaning.patient = other_member(meaning.patient, rng),
        3 => meaning.agent = NounPhrase::draw(rng, |kind| kind.fit == Fit::Being),
        4 => meaning.patient = NounPhrase::draw(rng, |kind| VERBS[meaning.verb_idx].patient.allows(kind)),
        5 => meaning.verb_idx = other_verb(&meaning, rng),
        6 => describe(&mut meaning.agent, rng),
        7 => describe(&mut meaning.patient, rng),
        8 => specify(&mut meaning, rng),
        _ => leave_out(&mut meaning, rng),
    }
    meaning
}

/// Whether a sentence can say it: the nouns differ, the agent acts, the verb goes with the patient.
pub(super) fn makes_sense(meaning: &Meaning) -> bool {
    meaning.agent.noun != meaning.patient.noun
        && meaning.agent.noun.kind().fit == Fit::Being
        && VERBS[meaning.verb_idx].patient.allows(meaning.patient.noun.kind())
}

fn generalise(phrase: NounPhrase) -> NounPhrase {
    NounPhrase { noun: Noun { member: None, ..phrase.noun }, ..phrase }
}

fn other_member(phrase: NounPhrase, rng: &mut Rng) -> NounPhrase {
    let member = Some(rng.below(phrase.noun.kind().members.len()));
    NounPhrase { noun: Noun { member, ..phrase.noun }, ..phrase }
}

fn other_verb(meaning: &Meaning, rng: &mut Rng) -> usize {
    loop {
        let verb = rng.below(VERBS.len());
        if VERBS[verb].patient.allows(meaning.patient.noun.kind()) {
            return verb;
        }
    }
}

fn describe(phrase: &mut NounPhrase, rng: &mut Rng) {
    if !phrase.noun.kind().names {
        phrase.quality = Some(Quality::draw(rng, phrase.noun.kind()));
    }
}

/// Says how, where or when, if that is not said yet.
fn specify(meaning: &mut Meaning, rng: &mut Rng) {
    let said = &mut meaning.circumstances;
    match rng.below(3) {
        0 => said.manner = said.manner.or_else(|| Some(meaning::draw_manner(rng))),
        1 => said.place = said.place.or_else(|| Some(meaning::draw_place(rng))),
        _ => said.time = said.time.or_else(|| Some(meaning::draw_time(rng, meaning.future))),
    }
}

fn leave_out(meaning: &mut Meaning, rng: &mut Rng) {
    match rng.below(3) {
        0 => meaning.circumstances.manner = None,
        1 => meaning.circumstances.place = None,
        _ => meaning.circumstances.time = None,
    }
}
