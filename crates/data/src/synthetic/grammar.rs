//! The grammar: from a meaning to words, each with its class and its phrase.
//!
//! ```text
//! sentence -> [TIME | PLACE] clause [PLACE] [TIME]          every circumstance at most once
//! clause   -> AGENT ACTION PATIENT                          active
//!           | PATIENT ACTION "by" AGENT                     passive
//! ACTION   -> [aux] [not | never] ["be"] [manner] verb
//! AGENT    -> name | "someone" | det [[degree] adjective] noun       PATIENT likewise
//! PLACE    -> preposition "the" place
//! TIME     -> "yesterday" | "last" "week" | ...
//! ```
//!
//! Voice, synonyms, order and determiners are free: they change the words and not the meaning.

use super::lexicon::{DETERMINERS, MANNERS, PLACES, PREPOSITIONS, STRONG, TIMES, VERBS, VerbWord, WEAK};
use super::meaning::{Degree, Meaning, NounPhrase, Quality};
use super::rng::Rng;

/// The classes of words, named as in Universal Dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordClass {
    Adjective,
    Adposition,
    Adverb,
    Auxiliary,
    Determiner,
    Name,
    Noun,
    Particle,
    Pronoun,
    Verb,
}

impl WordClass {
    /// The tag as it stands in files.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Adjective => "ADJ",
            Self::Adposition => "ADP",
            Self::Adverb => "ADV",
            Self::Auxiliary => "AUX",
            Self::Determiner => "DET",
            Self::Name => "PROPN",
            Self::Noun => "NOUN",
            Self::Particle => "PART",
            Self::Pronoun => "PRON",
            Self::Verb => "VERB",
        }
    }
}

/// The phrases of a sentence, named by the part that they play in its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phrase {
    Agent,
    Action,
    Patient,
    Place,
    Time,
}

impl Phrase {
    /// The name of the phrase as it stands in files, after `B-` or `I-`.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Agent => "AGENT",
            Self::Action => "ACTION",
            Self::Patient => "PATIENT",
            Self::Place => "PLACE",
            Self::Time => "TIME",
        }
    }
}

/// One word of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) form: &'static str,
    pub(super) class: WordClass,
    /// The phrase that the word is in; phrases of one sentence all differ, so no two of them touch.
    pub(super) phrase: Option<Phrase>,
}

/// A sentence, word by word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sentence {
    pub(super) words: Vec<Word>,
}

impl Sentence {
    /// One way, drawn at random, to say `meaning`.
    pub(super) fn say(meaning: &Meaning, rng: &mut Rng) -> Self {
        let mut sentence = Self::default();
        let (time, place) = (meaning.circumstances.time, meaning.circumstances.place);
        // 0: the time comes first; 1: the place comes first; else both follow.
        let front = rng.below(6);
        if front == 0 {
            sentence.time(time);
        } else if front == 1 {
            sentence.place(place, rng);
        }
        sentence.clause(meaning, rng);
        if front != 1 {
            sentence.place(place, rng);
        }
        if front != 0 {
            sentence.time(time);
        }
        sentence
    }

    /// The words with single spaces between them.
    pub(super) fn text(&self) -> String {
        self.words.iter().map(|word| word.form).collect::<Vec<_>>().join(" ")
    }

    fn push(&mut self, form: &'static str, class: WordClass, phrase: Phrase) {
        self.words.push(Word { form, class, phrase: Some(phrase) });
    }

    fn clause(&mut self, meaning: &Meaning, rng: &mut Rng) {
        let passive = rng.chance(35);
        if passive {
            self.noun_phrase(&meaning.patient, Phrase::Patient, rng);
            self.action(meaning, passive, rng);
            self.words.push(Word { form: "by", class: WordClass::Adposition, phrase: None });
            self.noun_phrase(&meaning.agent, Phrase::Agent, rng);
        } else {
            self.noun_phrase(&meaning.agent, Phrase::Agent, rng);
            self.action(meaning, passive, rng);
            self.noun_phrase(&meaning.patient, Phrase::Patient, rng);
        }
    }

    fn action(&mut self, meaning: &Meaning, passive: bool, rng: &mut Rng) {
        let negation = meaning.negated.then(|| if rng.chance(50) { "not" } else { "never" });
        let auxiliary = match (meaning.future, passive, negation) {
            (true, _, _) => Some("will"),
            (false, true, _) => Some("was"),
            (false, false, Some("not")) => Some("did"),
            (false, false, _) => None,
        };
        if let Some(auxiliary) = auxiliary {
            self.push(auxiliary, WordClass::Auxiliary, Phrase::Action);
        }
        match negation {
            Some("not") => self.push("not", WordClass::Particle, Phrase::Action),
            Some(never) => self.push(never, WordClass::Adverb, Phrase::Action),
            None => {}
        }
        if meaning.future && passive {
            self.push("be", WordClass::Auxiliary, Phrase::Action);
        }
        if let Some(manner) = meaning.circumstances.manner {
            self.push(rng.pick(MANNERS[manner]), WordClass::Adverb, Phrase::Action);
        }
        let VerbWord { base, past, participle } = rng.pick(&VERBS[meaning.verb_idx].words);
        let form = match (passive, auxiliary) {
            (true, _) => participle,
            (false, Some(_)) => base,
            (false, None) => past,
        };
        self.push(form, WordClass::Verb, Phrase::Action);
    }

    fn noun_phrase(&mut self, said: &NounPhrase, phrase: Phrase, rng: &mut Rng) {
        let kind = said.noun.kind();
        let form = said.noun.member.map_or(kind.general, |member| kind.members[member]);
        match (kind.names, said.noun.member) {
            (true, Some(_)) => return self.push(form, WordClass::Name, phrase),
            (true, None) => return self.push(form, WordClass::Pronoun, phrase),
            (false, _) => {}
        }
        let start = self.words.len();
        self.push(rng.pick(DETERMINERS), WordClass::Determiner, phrase);
        if let Some(quality) = said.quality {
            self.quality(quality, phrase, rng);
        }
        self.push(form, WordClass::Noun, phrase);
        let vowel = self.words[start + 1].form.starts_with(['a', 'e', 'i', 'o', 'u']);
        // "useful" is the one word of the lexicon whose first vowel sounds like a consonant.
        if self.words[start].form == "a" && vowel && self.words[start + 1].form != "useful" {
            self.words[start].form = "an";
        }
    }

    fn quality(&mut self, quality: Quality, phrase: Phrase, rng: &mut Rng) {
        let degree = match quality.degree {
            Degree::Strong => Some(rng.pick(STRONG)),
            Degree::Weak => Some(rng.pick(WEAK)),
            Degree::Plain => None,
        };
        if let Some(degree) = degree {
            self.push(degree, WordClass::Adverb, phrase);
        }
        self.push(rng.pick(quality.adjective().words), WordClass::Adjective, phrase);
    }

    fn place(&mut self, place: Option<(usize, usize)>, rng: &mut Rng) {
        if let Some((preposition, place)) = place {
            self.push(rng.pick(PREPOSITIONS[preposition]), WordClass::Adposition, Phrase::Place);
            self.push("the", WordClass::Determiner, Phrase::Place);
            self.push(rng.pick(PLACES[place].words), WordClass::Noun, Phrase::Place);
        }
    }

    fn time(&mut self, time: Option<usize>) {
        match time.map(|time| TIMES[time].words) {
            Some(&[first, second]) => {
                let determiner = first == "this";
                let class = if determiner { WordClass::Determiner } else { WordClass::Adjective };
                self.push(first, class, Phrase::Time);
                self.push(second, WordClass::Noun, Phrase::Time);
            }
            Some(words) => words.iter().for_each(|word| self.push(word, WordClass::Adverb, Phrase::Time)),
            None => {}
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::meaning::{Circumstances, Noun};
    use super::*;

    /// "the farmer did not quietly admire an old coat", the coat being very old.
    pub(in super::super) fn meaning() -> Meaning {
        let noun = |kind_idx, member| Noun { kind_idx, member: Some(member) };
        let very_old = Quality { adjective_idx: 16, degree: Degree::Strong };
        Meaning {
            agent: NounPhrase { noun: noun(0, 0), quality: None },
            verb_idx: 8,
            patient: NounPhrase { noun: noun(10, 0), quality: Some(very_old) },
            negated: true,
            future: false,
            circumstances: Circumstances { manner: Some(0), ..Circumstances::default() },
        }
    }

    /// One way to say [`meaning`], in which "pretty" is an adverb and "by" opens no place.
    pub(in super::super) fn farmer_and_coat() -> Sentence {
        let wanted = "a pretty old coat was not quietly admired by the farmer";
        let mut rng = Rng::new(0, "farmer and coat");
        std::iter::repeat_with(|| Sentence::say(&meaning(), &mut rng))
            .take(100_000)
            .find(|sentence| sentence.text() == wanted)
            .expect("the grammar has this sentence")
    }

    /// All ways to say [`meaning`] with one time and one place, by the first words of the sentence.
    #[test]
    fn one_meaning_is_said_in_several_orders() {
        let mut said = meaning();
        said.circumstances = Circumstances { place: Some((1, 7)), time: Some(1), ..Circumstances::default() };
        let mut rng = Rng::new(1, "orders");
        let texts: Vec<String> = (0..500).map(|_| Sentence::say(&said, &mut rng).text()).collect();
        for form in
            ["last week ", "near the river ", "by the river ", " aged coat was ", "the farmer did not "]
        {
            assert!(texts.iter().any(|text| text.contains(form)), "{form}");
        }
        assert!(texts.iter().all(|text| text.matches("last week").count() == 1));
    }

    #[test]
    fn a_future_passive_has_all_its_auxiliaries() {
        let said = Meaning { future: true, circumstances: Circumstances::default(), ..meaning() };
        let mut rng = Rng::new(2, "future");
        let texts: Vec<String> = (0..500).map(|_| Sentence::say(&said, &mut rng).text()).collect();
        assert!(texts.iter().any(|text| text.contains("coat will not be admired by the farmer")));
        assert!(texts.iter().any(|text| text.contains("the farmer will never respect")));
    }
}
