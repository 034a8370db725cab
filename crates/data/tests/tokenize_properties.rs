//! Laws of truncation and of the alignment of words with tokens.

use mtl_data::{Encoded, Text, Tokenizer};
use proptest::prelude::*;

const CLASSIFY: u32 = 2;
const SEPARATE: u32 = 3;
const UNLIMITED: usize = 10_000;

fn tokenizer(max_tokens: usize) -> Tokenizer {
    let pieces = ["a", "b", "ab", "##a", "##b", "##ab", "é", ".", "[", "]"];
    Tokenizer::from_words(pieces, max_tokens).unwrap()
}

fn encode(text: &Text, max_tokens: usize) -> Encoded {
    tokenizer(max_tokens).encode(text).unwrap()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[abé. \u{200b}😀\\x00A]{0,30}", "[ab]{0,3}", any::<String>()]
}

/// The tokens of a text by itself, without special tokens.
fn pieces(text: &str) -> Vec<u32> {
    let ids = encode(&Text::Single(text.to_owned()), UNLIMITED).ids;
    ids[1..ids.len() - 1].to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_text_keeps_its_first_tokens(text in text(), limit in 4usize..40) {
        let mut wanted = pieces(&text);
        wanted.truncate(limit - 2);
        let encoded = encode(&Text::Single(text), limit);
        prop_assert_eq!(&encoded.ids[..], [&[CLASSIFY][..], &wanted, &[SEPARATE]].concat());
        prop_assert_eq!(encoded.segments, vec![0; encoded.ids.len()]);
    }

    #[test]
    fn a_pair_is_cut_at_the_end_of_its_longer_text(first in text(), second in text(), limit in 4usize..40) {
        let (mut a, mut b, room) = (pieces(&first), pieces(&second), limit - 3);
        let longer_keeps_more = a.len() > b.len();
        while a.len() + b.len() > room {
            let cut_first = if a.len() == b.len() { !longer_keeps_more } else { a.len() > b.len() };
            let _ = if cut_first { a.pop() } else { b.pop() };
        }
        let encoded = encode(&Text::Pair(first, second), limit);
        let wanted = [&[CLASSIFY][..], &a, &[SEPARATE], &b, &[SEPARATE]].concat();
        prop_assert_eq!(&encoded.ids[..], wanted);
        let segments = [vec![0; a.len() + 2], vec![1; b.len() + 1]].concat();
        prop_assert_eq!(encoded.segments, segments);
    }

    #[test]
    fn each_word_points_at_its_own_first_token(words in prop::collection::vec(text(), 0..8), limit in 4usize..40) {
        let whole = encode(&Text::Words(words.clone()), limit);
        prop_assert_eq!(whole.first_subword.len(), words.len());
        let (mut place, last) = (1, whole.ids.len() - 1);
        for (word, first) in words.iter().zip(&whole.first_subword) {
            let pieces = encode(&Text::Words(vec![word.clone()]), UNLIMITED).ids;
            let pieces = &pieces[1..pieces.len() - 1];
            if pieces.is_empty() || place >= limit - 1 {
                prop_assert_eq!(*first, None);
            } else {
                prop_assert_eq!(*first, Some(place as u32));
                let kept = pieces.len().min(last - place);
                prop_assert_eq!(&whole.ids[place..place + kept], &pieces[..kept]);
            }
            place += pieces.len();
        }
        prop_assert_eq!(whole.ids.len(), limit.min(place + 1));
    }
}
