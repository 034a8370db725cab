//! The universal relations and features that the evaluation knows, as of version 2 of Universal Dependencies in 2018.

/// The universal part of a relation: `nsubj` of `nsubj:pass`.
pub(crate) fn universal_relation(relation: &str) -> &str {
    match relation.bytes().position(|byte| byte == b':') {
        Some(end) => &relation[..end],
        None => relation,
    }
}

/// Whether a universal relation is one of content words; CLAS, MLAS and BLEX count these alone.
pub(crate) fn is_content(relation: &str) -> bool {
    // Byte patterns are compared by length and letter, strings one after the other; this is asked for every word.
    let relation = relation.as_bytes();
    let nominal =
        matches!(relation, b"nsubj" | b"obj" | b"iobj" | b"obl" | b"vocative" | b"expl" | b"dislocated");
    let modifier = matches!(relation, b"nmod" | b"appos" | b"nummod" | b"amod" | b"advmod" | b"discourse");
    let clausal =
        matches!(relation, b"csubj" | b"ccomp" | b"xcomp" | b"advcl" | b"acl" | b"parataxis" | b"root");
    let joined =
        matches!(relation, b"conj" | b"fixed" | b"flat" | b"compound" | b"list" | b"orphan" | b"goeswith");
    nominal || modifier || clausal || joined || matches!(relation, b"reparandum" | b"dep")
}

/// Whether a universal relation is one of function words, which MLAS reads together with their heads.
pub(crate) fn is_functional(relation: &str) -> bool {
    matches!(relation, "aux" | "cop" | "mark" | "det" | "clf" | "case" | "cc")
}

/// Whether a relation, without its subtype, is one of the 37 universal ones.
pub(crate) fn is_relation(relation: &str) -> bool {
    is_content(relation) || is_functional(relation) || relation == "punct"
}

/// Whether a part of speech is one of the 17 universal ones.
pub(crate) fn is_upos(upos: &str) -> bool {
    let open = matches!(upos, "ADJ" | "ADV" | "INTJ" | "NOUN" | "PROPN" | "VERB");
    let closed = matches!(upos, "ADP" | "AUX" | "CCONJ" | "DET" | "NUM" | "PART" | "PRON" | "SCONJ");
    open || closed || matches!(upos, "PUNCT" | "SYM" | "X")
}

/// The universal features among `features` (`Case=Nom|Foo=Bar`), sorted; those of single languages are left out.
pub(crate) fn universal_features(features: &str) -> Vec<&str> {
    let name = |feature: &&str| is_universal(feature.split_once('=').map_or(*feature, |(name, _)| name));
    let mut universal: Vec<&str> = features.split('|').filter(name).collect();
    universal.sort_unstable();
    universal
}

fn is_universal(feature: &str) -> bool {
    let lexical = matches!(feature, "PronType" | "NumType" | "Poss" | "Reflex" | "Foreign" | "Abbr");
    let nominal = matches!(feature, "Gender" | "Animacy" | "Number" | "Case" | "Definite" | "Degree");
    let verbal =
        matches!(feature, "VerbForm" | "Mood" | "Tense" | "Aspect" | "Voice" | "Evident" | "Polarity");
    lexical || nominal || verbal || matches!(feature, "Person" | "Polite")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtypes_are_ignored() {
        assert_eq!(universal_relation("nsubj:pass"), "nsubj");
        assert_eq!(universal_relation("obl"), "obl");
    }

    #[test]
    fn every_universal_relation_is_content_function_or_punctuation() {
        let content = "nsubj obj iobj csubj ccomp xcomp obl vocative expl dislocated advcl advmod discourse nmod \
                       appos nummod acl amod conj fixed flat compound list parataxis orphan goeswith reparandum root \
                       dep";
        let functional = "aux cop mark det clf case cc";
        assert!(content.split_whitespace().all(|relation| is_content(relation) && !is_functional(relation)));
        assert!(
            functional.split_whitespace().all(|relation| is_functional(relation) && !is_content(relation))
        );
        assert!(!is_content("punct") && !is_functional("punct"));
        assert_eq!(content.split_whitespace().count() + functional.split_whitespace().count() + 1, 37);
    }

    #[test]
    fn there_are_17_parts_of_speech() {
        let all = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X";
        assert_eq!(all.split(' ').filter(|upos| is_upos(upos)).count(), 17);
        assert!(!is_upos("NN") && !is_upos("noun"));
    }

    #[test]
    fn features_are_sorted_and_those_of_one_language_left_out() {
        assert_eq!(universal_features("Number=Sing|NameType=Geo|Case=Nom"), ["Case=Nom", "Number=Sing"]);
        assert_eq!(universal_features("_"), [""; 0]);
    }
}
