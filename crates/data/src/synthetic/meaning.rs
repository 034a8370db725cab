//! What a sentence means: the latent structure that all synthetic tasks look at.

use super::lexicon::{self, ADJECTIVES, Adjective, KINDS, Kind, MANNERS, PLACES, PREPOSITIONS, TIMES, VERBS};
use super::rng::Rng;

/// A noun by its kind; without a member it is the kind's hypernym.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Noun {
    pub(super) kind_idx: usize,
    pub(super) member: Option<usize>,
}

impl Noun {
    pub(super) fn kind(self) -> &'static Kind {
        &KINDS[self.kind_idx]
    }

    /// A noun of a kind that `allowed` accepts; one in eight is a hypernym.
    pub(super) fn draw(rng: &mut Rng, allowed: impl Fn(&Kind) -> bool) -> Self {
        let kind_idx = loop {
            let kind_idx = rng.below(KINDS.len());
            if allowed(&KINDS[kind_idx]) {
                break kind_idx;
            }
        };
        let member = rng.below(KINDS[kind_idx].members.len());
        Self { kind_idx, member: (!rng.chance(12)).then_some(member) }
    }
}

/// How strongly an adjective is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Degree {
    Weak,
    Plain,
    Strong,
}

/// An adjective and its degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quality {
    pub(super) adjective_idx: usize,
    pub(super) degree: Degree,
}

impl Quality {
    pub(super) fn adjective(self) -> &'static Adjective {
        &ADJECTIVES[self.adjective_idx]
    }

    /// A quality that can be said of `kind`.
    pub(super) fn draw(rng: &mut Rng, kind: &Kind) -> Self {
        let adjective_idx = loop {
            let adjective_idx = rng.below(ADJECTIVES.len());
            if ADJECTIVES[adjective_idx].fit.allows(kind) {
                break adjective_idx;
            }
        };
        let degree = match rng.below(100) {
            0..20 if ADJECTIVES[adjective_idx].gradable => Degree::Strong,
            20..30 if ADJECTIVES[adjective_idx].gradable => Degree::Weak,
            _ => Degree::Plain,
        };
        Self { adjective_idx, degree }
    }
}

/// A noun and what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NounPhrase {
    pub(super) noun: Noun,
    pub(super) quality: Option<Quality>,
}

impl NounPhrase {
    /// A phrase whose kind `allowed` accepts; every other one has a quality.
    pub(super) fn draw(rng: &mut Rng, allowed: impl Fn(&Kind) -> bool) -> Self {
        let noun = Noun::draw(rng, allowed);
        let described = rng.chance(50) && !noun.kind().names;
        Self { noun, quality: described.then(|| Quality::draw(rng, noun.kind())) }
    }
}

/// How, where and when: what an event loses without ceasing to be that event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Circumstances {
    /// Index into the manners.
    pub(super) manner: Option<usize>,
    /// Indexes into the prepositions and the places.
    pub(super) place: Option<(usize, usize)>,
    /// Index into the times.
    pub(super) time: Option<usize>,
}

impl Circumstances {
    /// Whether everything said here is also said in `other`.
    pub(super) fn within(&self, other: &Self) -> bool {
        fn part<T: PartialEq>(small: Option<T>, large: Option<T>) -> bool {
            small.is_none() || small == large
        }
        part(self.manner, other.manner) && part(self.place, other.place) && part(self.time, other.time)
    }
}

/// Draws an adverb of manner.
pub(super) fn draw_manner(rng: &mut Rng) -> usize {
    rng.below(MANNERS.len())
}

/// Draws a preposition and a place that go together.
pub(super) fn draw_place(rng: &mut Rng) -> (usize, usize) {
    let place = rng.below(PLACES.len());
    let preposition = rng.below(PREPOSITIONS.len());
    (if PLACES[place].only_inside { 0 } else { preposition }, place)
}

/// Draws a time that goes with the tense.
pub(super) fn draw_time(rng: &mut Rng, future: bool) -> usize {
    loop {
        let time = rng.below(TIMES.len());
        if if future { TIMES[time].future } else { TIMES[time].past } {
            return time;
        }
    }
}

/// Who did (or did not do) what to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) agent: NounPhrase,
    pub(super) verb_idx: usize,
    pub(super) patient: NounPhrase,
    pub(super) negated: bool,
    pub(super) future: bool,
    pub(super) circumstances: Circumstances,
}

impl Meaning {
    /// A random meaning, negated in `percent_negated` of 100.
    pub(super) fn draw(rng: &mut Rng, percent_negated: usize) -> Self {
        let verb_idx = rng.below(VERBS.len());
        let agent = NounPhrase::draw(rng, |kind| kind.fit == lexicon::Fit::Being);
        let patient = loop {
            let patient = NounPhrase::draw(rng, |kind| VERBS[verb_idx].patient.allows(kind));
            if patient.noun != agent.noun {
                break patient;
            }
        };
        let negated = rng.chance(percent_negated);
        let future = rng.chance(30);
        let circumstances = Circumstances {
            manner: rng.chance(25).then(|| draw_manner(rng)),
            place: rng.chance(35).then(|| draw_place(rng)),
            time: rng.chance(30).then(|| draw_time(rng, future)),
        };
        Self { agent, verb_idx, patient, negated, future, circumstances }
    }

    /// The same event, denied if it was asserted and asserted if it was denied.
    pub(super) fn denied(mut self) -> Self {
        self.negated = !self.negated;
        self
    }

    /// The polarity of the act: that of the verb, turned around by negation.
    pub(super) fn attitude(&self) -> i32 {
        let polarity = VERBS[self.verb_idx].polarity;
        if self.negated { -polarity } else { polarity }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denying_twice_changes_nothing() {
        let meaning = Meaning::draw(&mut Rng::new(1, "test"), 50);
        assert_eq!(meaning.denied().denied(), meaning);
        assert_eq!(meaning.denied().attitude(), -meaning.attitude());
    }

    #[test]
    fn nothing_is_said_that_does_not_fit() {
        let mut rng = Rng::new(2, "test");
        for _ in 0..2000 {
            let meaning = Meaning::draw(&mut rng, 30);
            assert!(VERBS[meaning.verb_idx].patient.allows(meaning.patient.noun.kind()));
            for phrase in [meaning.agent, meaning.patient] {
                let kind = phrase.noun.kind();
                assert!(phrase.quality.is_none_or(|q| q.adjective().fit.allows(kind) && !kind.names));
            }
        }
    }
}
