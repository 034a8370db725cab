//! The words of the synthetic language, by sense: words of one sense are synonyms.
//!
//! Many forms belong to several classes ("the guard", "did not guard"; "a pretty coat", "a pretty
//! old coat"; "by the river", "by the farmer"), so that context decides.

/// What a noun may stand for, and what a verb or an adjective may be said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Being,
    Thing,
    Any,
}

impl Fit {
    /// Whether a word with this fit may be said of a noun of `kind`.
    pub(super) fn allows(self, kind: &Kind) -> bool {
        self == Self::Any || self == kind.fit
    }
}

/// Nouns that share a hypernym.
#[derive(Debug)]
pub(super) struct Kind {
    /// The hypernym: "worker" for "farmer".
    pub(super) general: &'static str,
    pub(super) members: &'static [&'static str],
    /// `Being` or `Thing`.
    pub(super) fit: Fit,
    /// Members are names of persons: no article, no adjective.
    pub(super) names: bool,
}

const fn kind(fit: Fit, general: &'static str, members: &'static [&'static str]) -> Kind {
    Kind { general, members, fit, names: false }
}

pub(super) const KINDS: &[Kind] = &[
    kind(Fit::Being, "worker", &["farmer", "baker", "carpenter", "miller", "tailor", "guard"]),
    kind(Fit::Being, "artist", &["painter", "singer", "dancer", "poet", "actor"]),
    kind(Fit::Being, "relative", &["mother", "father", "uncle", "aunt", "sister", "brother"]),
    kind(Fit::Being, "official", &["judge", "mayor", "clerk", "officer", "guide"]),
    kind(Fit::Being, "animal", &["dog", "cat", "horse", "cow", "goat", "donkey"]),
    kind(Fit::Being, "bird", &["crow", "hen", "duck", "owl", "goose"]),
    Kind {
        general: "someone",
        members: &["anna", "peter", "clara", "david", "emma", "hugo", "lucy", "nora", "simon", "martin"],
        fit: Fit::Being,
        names: true,
    },
    kind(Fit::Thing, "meal", &["soup", "bread", "cake", "pie", "stew", "orange"]),
    kind(Fit::Thing, "tool", &["hammer", "rake", "ladder", "saw", "broom"]),
    kind(Fit::Thing, "vehicle", &["cart", "boat", "wagon", "truck", "bicycle"]),
    kind(Fit::Thing, "garment", &["coat", "hat", "dress", "scarf", "shirt"]),
    kind(Fit::Thing, "building", &["barn", "mill", "chapel", "cottage", "tower"]),
    kind(Fit::Thing, "jewel", &["ring", "watch", "necklace", "brooch", "crown"]),
];

/// One sense of an adjective.
#[derive(Debug)]
pub(super) struct Adjective {
    pub(super) words: &'static [&'static str],
    /// -1 bad, 0 neither, 1 good.
    pub(super) polarity: i32,
    pub(super) fit: Fit,
    /// Takes a word of degree: "very old", but not "very wooden".
    pub(super) gradable: bool,
}

const fn adjective(polarity: i32, fit: Fit, gradable: bool, words: &'static [&'static str]) -> Adjective {
    Adjective { words, polarity, fit, gradable }
}

pub(super) const ADJECTIVES: &[Adjective] = &[
    adjective(1, Fit::Being, true, &["kind", "gentle"]),
    adjective(1, Fit::Any, true, &["lovely", "charming"]),
    adjective(1, Fit::Any, true, &["fine", "splendid"]),
    adjective(1, Fit::Any, true, &["pretty", "beautiful"]),
    adjective(1, Fit::Being, true, &["clever", "wise"]),
    adjective(1, Fit::Being, true, &["brave", "bold"]),
    adjective(1, Fit::Any, false, &["admired", "respected"]),
    adjective(1, Fit::Thing, true, &["useful", "handy"]),
    adjective(-1, Fit::Being, true, &["rude", "nasty"]),
    adjective(-1, Fit::Any, true, &["awful", "dreadful"]),
    adjective(-1, Fit::Any, true, &["ugly", "hideous"]),
    adjective(-1, Fit::Being, true, &["cruel", "mean"]),
    adjective(-1, Fit::Any, true, &["dull", "boring"]),
    adjective(-1, Fit::Any, true, &["dirty", "filthy"]),
    adjective(-1, Fit::Any, false, &["hated", "despised"]),
    adjective(-1, Fit::Thing, false, &["ruined", "damaged"]),
    adjective(0, Fit::Any, true, &["old", "aged"]),
    adjective(0, Fit::Being, true, &["young"]),
    adjective(0, Fit::Any, true, &["small", "little"]),
    adjective(0, Fit::Any, true, &["large", "big"]),
    adjective(0, Fit::Any, true, &["tall", "high"]),
    adjective(0, Fit::Any, true, &["cold"]),
    adjective(0, Fit::Any, true, &["dark"]),
    adjective(0, Fit::Any, true, &["light"]),
    adjective(0, Fit::Any, true, &["plain"]),
    adjective(0, Fit::Any, false, &["red"]),
    adjective(0, Fit::Any, false, &["green"]),
    adjective(0, Fit::Any, false, &["white"]),
    adjective(0, Fit::Thing, false, &["square"]),
    adjective(0, Fit::Thing, false, &["wooden"]),
    adjective(0, Fit::Thing, false, &["painted"]),
    adjective(0, Fit::Being, true, &["early"]),
    adjective(0, Fit::Being, true, &["late"]),
];

/// The words of degree that strengthen an adjective.
pub(super) const STRONG: &[&str] = &["very", "really", "pretty"];
/// The words of degree that weaken an adjective.
pub(super) const WEAK: &[&str] = &["slightly", "somewhat"];

/// One word for a verb sense, in its three forms.
#[derive(Debug, Clone, Copy)]
pub(super) struct VerbWord {
    pub(super) base: &'static str,
    pub(super) past: &'static str,
    pub(super) participle: &'static str,
}

/// One sense of a verb.
#[derive(Debug)]
pub(super) struct Verb {
    pub(super) words: [VerbWord; 2],
    /// What the agent's act says of the patient: -1 bad, 0 neither, 1 good.
    pub(super) polarity: i32,
    /// What the patient must be.
    pub(super) patient: Fit,
}

const fn regular(base: &'static str, past: &'static str) -> VerbWord {
    VerbWord { base, past, participle: past }
}

const fn verb(polarity: i32, patient: Fit, first: VerbWord, second: VerbWord) -> Verb {
    Verb { words: [first, second], polarity, patient }
}

/// How many senses at the front of [`VERBS`] come as pairs of a good sense and its opposite.
const PAIRED: usize = 20;

pub(super) const VERBS: &[Verb] = &[
    verb(1, Fit::Any, regular("love", "loved"), regular("adore", "adored")),
    verb(-1, Fit::Any, regular("hate", "hated"), regular("despise", "despised")),
    verb(1, Fit::Being, regular("praise", "praised"), regular("applaud", "applauded")),
    verb(-1, Fit::Being, regular("blame", "blamed"), regular("scold", "scolded")),
    verb(1, Fit::Being, regular("help", "helped"), regular("assist", "assisted")),
    verb(-1, Fit::Being, regular("hurt", "hurt"), regular("harm", "harmed")),
    verb(1, Fit::Any, regular("trust", "trusted"), regular("favour", "favoured")),
    verb(-1, Fit::Any, regular("doubt", "doubted"), regular("distrust", "distrusted")),
    verb(1, Fit::Any, regular("admire", "admired"), regular("respect", "respected")),
    verb(-1, Fit::Any, regular("mock", "mocked"), regular("ridicule", "ridiculed")),
    verb(1, Fit::Being, regular("welcome", "welcomed"), regular("embrace", "embraced")),
    verb(-1, Fit::Being, regular("reject", "rejected"), regular("dismiss", "dismissed")),
    verb(1, Fit::Any, regular("protect", "protected"), regular("guard", "guarded")),
    verb(-1, Fit::Any, regular("attack", "attacked"), regular("threaten", "threatened")),
    verb(1, Fit::Thing, regular("repair", "repaired"), regular("restore", "restored")),
    verb(-1, Fit::Thing, regular("ruin", "ruined"), regular("damage", "damaged")),
    verb(1, Fit::Any, regular("like", "liked"), regular("enjoy", "enjoyed")),
    verb(-1, Fit::Any, regular("dislike", "disliked"), regular("resent", "resented")),
    verb(1, Fit::Being, regular("comfort", "comforted"), regular("soothe", "soothed")),
    verb(-1, Fit::Being, regular("scare", "scared"), regular("frighten", "frightened")),
    verb(0, Fit::Any, regular("watch", "watched"), regular("observe", "observed")),
    verb(0, Fit::Any, regular("follow", "followed"), regular("trail", "trailed")),
    verb(0, Fit::Any, regular("carry", "carried"), regular("cart", "carted")),
    verb(0, Fit::Any, regular("clean", "cleaned"), regular("wash", "washed")),
    verb(0, Fit::Any, regular("find", "found"), regular("discover", "discovered")),
    verb(
        0,
        Fit::Any,
        VerbWord { base: "see", past: "saw", participle: "seen" },
        regular("notice", "noticed"),
    ),
    verb(0, Fit::Any, regular("judge", "judged"), regular("assess", "assessed")),
    verb(0, Fit::Any, regular("paint", "painted"), regular("sketch", "sketched")),
    verb(0, Fit::Being, regular("guide", "guided"), regular("lead", "led")),
    verb(0, Fit::Thing, regular("measure", "measured"), regular("weigh", "weighed")),
];

/// The opposite of a verb sense, if it has one.
pub(super) fn opposite(verb: usize) -> Option<usize> {
    (verb < PAIRED).then_some(verb ^ 1)
}

/// Adverbs of manner, by sense.
pub(super) const MANNERS: &[&[&str]] = &[
    &["quietly", "softly"],
    &["quickly", "swiftly"],
    &["openly", "publicly"],
    &["slowly"],
    &["secretly"],
    &["suddenly"],
    &["calmly"],
    &["again"],
];

/// A place and where one can be relative to it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) words: &'static [&'static str],
    /// Only "in" goes with it: "in the dark".
    pub(super) only_inside: bool,
}

const fn place(only_inside: bool, words: &'static [&'static str]) -> Place {
    Place { words, only_inside }
}

pub(super) const PLACES: &[Place] = &[
    place(false, &["forest", "wood"]),
    place(false, &["village", "hamlet"]),
    place(false, &["harbour", "port"]),
    place(false, &["field", "meadow"]),
    place(false, &["market"]),
    place(false, &["garden"]),
    place(false, &["square"]),
    place(false, &["river"]),
    place(false, &["bridge"]),
    place(true, &["cold"]),
    place(true, &["dark"]),
    place(true, &["open"]),
];

/// Prepositions of place, by sense; the first is "inside".
pub(super) const PREPOSITIONS: &[&[&str]] = &[&["in", "inside"], &["near", "by", "beside"], &["behind"]];

/// When something happens, and with which tense that goes.
#[derive(Debug)]
pub(super) struct Time {
    pub(super) words: &'static [&'static str],
    pub(super) past: bool,
    pub(super) future: bool,
}

const fn time(past: bool, future: bool, words: &'static [&'static str]) -> Time {
    Time { words, past, future }
}

pub(super) const TIMES: &[Time] = &[
    time(true, false, &["yesterday"]),
    time(true, false, &["last", "week"]),
    time(true, false, &["last", "night"]),
    time(false, true, &["tomorrow"]),
    time(false, true, &["next", "week"]),
    time(false, true, &["next", "month"]),
    time(true, true, &["today"]),
    time(true, true, &["this", "morning"]),
    time(true, true, &["early"]),
    time(true, true, &["late"]),
];

/// Articles and other determiners; "a" becomes "an" before a vowel.
pub(super) const DETERMINERS: &[&str] = &["the", "the", "the", "a", "that", "this"];

/// Words of the grammar itself.
pub(super) const FUNCTION_WORDS: &[&str] = &["an", "not", "never", "did", "will", "was", "be"];

/// Every word of the language once, in alphabetical order.
pub(super) fn vocabulary() -> Vec<String> {
    let mut words: Vec<&str> = [STRONG, WEAK, DETERMINERS, FUNCTION_WORDS].concat();
    words.extend(KINDS.iter().flat_map(|kind| kind.members.iter().chain([&kind.general])));
    words.extend(ADJECTIVES.iter().flat_map(|adjective| adjective.words));
    let verb_words = VERBS.iter().flat_map(|verb| &verb.words);
    words.extend(verb_words.flat_map(|word| [word.base, word.past, word.participle]));
    words.extend(MANNERS.iter().chain(PREPOSITIONS).copied().flatten());
    words.extend(PLACES.iter().flat_map(|place| place.words));
    words.extend(TIMES.iter().flat_map(|time| time.words));
    words.sort_unstable();
    words.dedup();
    words.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_has_a_few_hundred_plain_words() {
        let words = vocabulary();
        assert!((300..=600).contains(&words.len()), "{}", words.len());
        assert!(words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())));
    }

    #[test]
    fn opposites_have_opposite_polarity_and_the_same_patients() {
        for (idx, verb) in VERBS.iter().enumerate() {
            match opposite(idx) {
                Some(other) => {
                    assert_eq!(verb.polarity, -VERBS[other].polarity);
                    assert_eq!(verb.patient, VERBS[other].patient);
                    assert_eq!(opposite(other), Some(idx));
                }
                None => assert_eq!(verb.polarity, 0),
            }
        }
    }
}
