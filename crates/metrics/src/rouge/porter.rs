//! Porter's stemmer with the extensions that `rouge_score` uses.
//!
//! A word is a sequence of consonants and vowels, `[C](VC){m}[V]`; `m` is its *measure*. Five steps cut suffixes off, each
//! if what remains is long enough by its measure (Porter 1980, "An algorithm for suffix stripping"). A vowel is one of
//! `aeiou`, or a `y` after a consonant.
//!
//! Differences from the paper, all of them those of NLTK's `PorterStemmer` in its default mode: words of up to two
//! characters stay; a few irregular words have a table; `-ies` and `-ied` of four letters keep their `e`, and longer
//! `-ied` becomes `-i`; `y` becomes `i` after a consonant that is not the word's first letter; `-alli` is tried before
//! the other suffixes of step 2 and the step repeated; `-bli`, `-fulli` and `-logi` are suffixes; a vowel and a
//! consonant alone end as `*o` does.

/// Words that the rules would spoil.
const IRREGULAR: [(&str, &str); 16] = [
    ("sky", "sky"),
    ("skies", "sky"),
    ("dying", "die"),
    ("lying", "lie"),
    ("tying", "tie"),
    ("news", "news"),
    ("innings", "inning"),
    ("inning", "inning"),
    ("outings", "outing"),
    ("outing", "outing"),
    ("cannings", "canning"),
    ("canning", "canning"),
    ("howe", "howe"),
    ("proceed", "proceed"),
    ("exceed", "exceed"),
    ("succeed", "succeed"),
];

/// Suffixes of step 2 and what replaces them if the rest has a positive measure; the first that fits decides.
const STEP_2: [(&str, &str); 21] = [
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
    ("fulli", "ful"),
];

/// Suffixes of step 3, as in step 2.
const STEP_3: [(&str, &str); 7] = [
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
];

/// Suffixes of step 4, which go if the rest has a measure above 1; `ion` only after `s` or `t`.
const STEP_4: [&str; 19] = [
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism",
    "ate", "iti", "ous", "ive", "ize",
];

/// The stem of an English word in lower case; a word with characters beyond ASCII is returned as it is.
///
/// Every character but a vowel counts as a consonant, digits too.
///
/// ```
/// # use mtl_metrics::porter_stem;
/// assert_eq!(porter_stem("generalizations"), "gener");
/// assert_eq!(porter_stem("happily"), "happili");
/// ```
pub fn stem(word: &str) -> String {
    if let Some((_, stem)) = IRREGULAR.iter().find(|(form, _)| *form == word) {
        return (*stem).to_owned();
    }
    let mut word = word.to_owned();
    if word.len() > 2 && word.is_ascii() {
        plural(&mut word);
        past(&mut word);
        final_y(&mut word);
        step_2(&mut word);
        replace_first(&mut word, &STEP_3);
        step_4(&mut word);
        final_e(&mut word);
        final_ll(&mut word);
    }
    word
}

/// Step 1a: `sses` to `ss`, `ies` to `i`, and `s` goes unless doubled.
fn plural(word: &mut String) {
    let cut = match word.as_str() {
        short if short.ends_with("ies") && short.len() == 4 => 1,
        long if long.ends_with("sses") || long.ends_with("ies") => 2,
        single if single.ends_with('s') && !single.ends_with("ss") => 1,
        _ => 0,
    };
    word.truncate(word.len() - cut);
}

/// Step 1b: `eed` to `ee`; `ed` and `ing` go after a vowel, and the rest is mended.
fn past(word: &mut String) {
    if word.ends_with("ied") {
        let cut = if word.len() == 4 { 1 } else { 2 };
        word.truncate(word.len() - cut);
    } else if let Some(rest) = word.strip_suffix("eed") {
        if measure(rest) > 0 {
            word.pop();
        }
    } else if let Some(rest) = word.strip_suffix("ed").or_else(|| word.strip_suffix("ing"))
        && has_vowel(rest)
    {
        word.truncate(rest.len());
        mend(word);
    }
}

/// What follows a removed `ed` or `ing`: an `e` comes back, or a doubled consonant becomes single.
fn mend(word: &mut String) {
    if ["at", "bl", "iz"].iter().any(|end| word.ends_with(end)) {
        word.push('e');
    } else if ends_doubled(word) {
        if !word.ends_with(['l', 's', 'z']) {
            word.pop();
        }
    } else if measure(word) == 1 && ends_cvc(word) {
        word.push('e');
    }
}

/// Step 1c: `y` to `i` after a consonant that does not begin the word.
fn final_y(word: &mut String) {
    if let Some(rest) = word.strip_suffix('y')
        && rest.len() > 1
        && consonants(rest).last() == Some(&true)
    {
        word.pop();
        word.push('i');
    }
}

/// Step 2: double suffixes become single ones.
fn step_2(word: &mut String) {
    if let Some(rest) = word.strip_suffix("alli")
        && measure(rest) > 0
    {
        word.truncate(word.len() - 2);
        step_2(word);
    } else if !replace_first(word, &STEP_2) && word.ends_with("logi") && measure(&word[..word.len() - 3]) > 0
    {
        word.pop();
    }
}

/// Replaces the first suffix of the list that the word has, if the rest has a positive measure; true if it has one.
fn replace_first(word: &mut String, rules: &[(&str, &str)]) -> bool {
    let Some((suffix, replacement)) = rules.iter().find(|(suffix, _)| word.ends_with(suffix)) else {
        return false;
    };
    let rest = word.len() - suffix.len();
    if measure(&word[..rest]) > 0 {
        word.truncate(rest);
        word.push_str(replacement);
    }
    true
}

/// Step 4: the last suffix goes.
fn step_4(word: &mut String) {
    if let Some(suffix) = STEP_4.iter().find(|suffix| word.ends_with(**suffix)) {
        let rest = &word[..word.len() - suffix.len()];
        if measure(rest) > 1 && (*suffix != "ion" || rest.ends_with(['s', 't'])) {
            word.truncate(rest.len());
        }
    }
}

/// Step 5a: `e` goes, unless a short word needs it.
fn final_e(word: &mut String) {
    if let Some(rest) = word.strip_suffix('e') {
        let length = measure(rest);
        if length > 1 || (length == 1 && !ends_cvc(rest)) {
            word.pop();
        }
    }
}

/// Step 5b: `ll` to `l` in a long word.
fn final_ll(word: &mut String) {
    if word.ends_with("ll") && measure(&word[..word.len() - 1]) > 1 {
        word.pop();
    }
}

/// Which letters are consonants.
fn consonants(word: &str) -> Vec<bool> {
    let mut flags: Vec<bool> = Vec::with_capacity(word.len());
    for letter in word.bytes() {
        flags.push(match letter {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => flags.last() != Some(&true),
            _ => true,
        });
    }
    flags
}

/// How often a consonant follows a vowel.
fn measure(word: &str) -> usize {
    consonants(word).windows(2).filter(|pair| pair == &[false, true]).count()
}

fn has_vowel(word: &str) -> bool {
    consonants(word).contains(&false)
}

/// The paper's `*d`: the last two letters are the same consonant.
fn ends_doubled(word: &str) -> bool {
    let letters = word.as_bytes();
    matches!(letters, [.., before, last] if before == last) && consonants(word).last() == Some(&true)
}

/// The paper's `*o`: consonant, vowel and a consonant other than `w`, `x` and `y` at the end; or a vowel and a consonant
/// that are the whole word.
fn ends_cvc(word: &str) -> bool {
    match consonants(word)[..] {
        [false, true] => true,
        [.., true, false, true] => !word.ends_with(['w', 'x', 'y']),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_examples() {
        let pairs = [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("cats", "cat"),
            ("feed", "feed"),
            ("agreed", "agre"),
            ("plastered", "plaster"),
            ("bled", "bled"),
            ("motoring", "motor"),
            ("sing", "sing"),
            ("conflated", "conflat"),
            ("troubling", "troubl"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("hissing", "hiss"),
            ("filing", "file"),
            ("happy", "happi"),
            ("relational", "relat"),
            ("rational", "ration"),
            ("vietnamization", "vietnam"),
            ("triplicate", "triplic"),
            ("hopeful", "hope"),
            ("revival", "reviv"),
            ("adoption", "adopt"),
            ("probate", "probat"),
            ("cease", "ceas"),
            ("controlling", "control"),
            ("rolling", "roll"),
        ];
        for (word, expected) in pairs {
            assert_eq!(stem(word), expected, "{word}");
        }
    }

    #[test]
    fn the_extensions() {
        let pairs = [
            ("sky", "sky"),
            ("dying", "die"),
            ("dies", "die"),
            ("died", "die"),
            ("tried", "tri"),
            ("spy", "spi"),
            ("enjoy", "enjoy"),
            ("geology", "geolog"),
            ("by", "by"),
            ("naïvely", "naïvely"),
            ("2000s", "2000"),
        ];
        for (word, expected) in pairs {
            assert_eq!(stem(word), expected, "{word}");
        }
    }
}
