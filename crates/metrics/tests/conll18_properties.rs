//! Laws of trees, of the CoNLL 2018 evaluation and of attachment scores, and slow forms that read like their definitions.

use mtl_metrics::conll18::{Evaluation, Score, Treebank, evaluate};
use mtl_metrics::{attachment, check_tree};
use proptest::collection::vec;
use proptest::prelude::*;

const RELATIONS: [&str; 8] = ["nsubj", "obj:x", "obl", "det", "case", "punct", "amod:y", "cc"];
const UPOS: [&str; 3] = ["NOUN", "VERB", "X"];

/// A word as drawn: its form and columns, and where its head is to be found.
#[derive(Debug, Clone)]
struct Drawn {
    form: String,
    upos: usize,
    relation: usize,
    head: prop::sample::Index,
}

/// One sentence: tokens of one or more words.
type Sentence = Vec<Vec<Drawn>>;

fn drawn() -> impl Strategy<Value = Drawn> {
    ("[abz]{1,2}", 0..UPOS.len(), 0..RELATIONS.len(), any::<prop::sample::Index>())
        .prop_map(|(form, upos, relation, head)| Drawn { form, upos, relation, head })
}

/// Sentences over a text of `a`s, so that every division of the same length is of the same text.
fn sentences() -> impl Strategy<Value = Vec<Sentence>> {
    let token = prop_oneof![2 => vec(drawn(), 1..2), 1 => vec(drawn(), 2..4)];
    vec(vec(token, 1..7), 1..4)
}

/// Heads that form a tree: word `i` hangs on one of those before it, the first is the root.
fn head(word: usize, index: &prop::sample::Index) -> usize {
    if word == 1 { 0 } else { 1 + index.index(word - 1) }
}

/// A file whose tokens have the given lengths in turn, one character each where lengths run out.
fn conllu(sentences: &[Sentence], n_characters: usize, lengths: &[usize]) -> String {
    let mut left = n_characters;
    let mut lengths = lengths.iter().copied().chain(std::iter::repeat(1));
    let mut text = String::new();
    for sentence in sentences.iter().cycle() {
        if left == 0 {
            return text;
        }
        let mut n_words = 0;
        for token in sentence {
            if left == 0 {
                break;
            }
            let length = lengths.next().expect("endless").min(left);
            left -= length;
            text.push_str(&token_lines(token, &"a".repeat(length), &mut n_words));
        }
        text.push('\n');
    }
    text
}

fn token_lines(token: &[Drawn], form: &str, n_words: &mut usize) -> String {
    let mut lines = String::new();
    if token.len() > 1 {
        let (first, last) = (*n_words + 1, *n_words + token.len());
        lines.push_str(&format!("{first}-{last}\t{form}{}\n", "\t_".repeat(8)));
    }
    for word in token {
        *n_words += 1;
        let form = if token.len() > 1 { &word.form } else { form };
        let (upos, relation) = (UPOS[word.upos], RELATIONS[word.relation]);
        let head = head(*n_words, &word.head);
        lines.push_str(&format!("{n_words}\t{form}\tl\t{upos}\t_\t_\t{head}\t{relation}\t_\t_\n"));
    }
    lines
}

fn scores(gold: &str, predicted: &str) -> Evaluation {
    let read = |text| Treebank::read(text).expect("a valid file");
    evaluate(&read(gold), &read(predicted)).expect("the same text")
}

/// Two files of the same text, divided differently.
fn pairs() -> impl Strategy<Value = (String, String)> {
    let lengths = || vec(1..4usize, 0..12);
    (sentences(), sentences(), 1..25usize, lengths(), lengths()).prop_map(
        |(gold, predicted, n_characters, left, right)| {
            (conllu(&gold, n_characters, &left), conllu(&predicted, n_characters, &right))
        },
    )
}

/// Heads form a tree if climbing from any word reaches the root, of which there is one, within as many steps as words.
fn is_tree_slowly(heads: &[usize]) -> bool {
    let reaches_root = |word: usize| {
        let mut at = word;
        for _ in 0..heads.len() {
            match heads.get(at - 1) {
                Some(0) => return true,
                Some(&head) if head <= heads.len() => at = head,
                _ => return false,
            }
        }
        false
    };
    heads.iter().filter(|&&head| head == 0).count() == 1 && (1..=heads.len()).all(reaches_root)
}

proptest! {
    #[test]
    fn a_tree_is_what_every_word_climbs_to_its_one_root(heads in vec(0..7usize, 0..7)) {
        prop_assert_eq!(check_tree(&heads).is_ok(), is_tree_slowly(&heads));
    }

    #[test]
    fn a_reported_cycle_is_one(heads in vec(0..9usize, 1..9)) {
        if let Err(mtl_metrics::TreeError::Cycle { words }) = check_tree(&heads) {
            for (index, &word) in words.iter().enumerate() {
                prop_assert_eq!(heads[word - 1], words[(index + 1) % words.len()]);
            }
        }
    }

    #[test]
    fn a_treebank_against_itself_is_perfect((text, _) in pairs()) {
        for (name, score) in scores(&text, &text).rows() {
            prop_assert_eq!(score.correct, score.gold, "{}", name);
            prop_assert_eq!(score.gold, score.predicted, "{}", name);
        }
    }

    #[test]
    fn exchanging_the_sides_exchanges_precision_and_recall_of_tokens_and_sentences((gold, predicted) in pairs()) {
        let (there, back) = (scores(&gold, &predicted), scores(&predicted, &gold));
        // Not so of words: the shared task's alignment depends on the side where tokens overlap multi-word tokens in part.
        for (there, back) in [(there.tokens, back.tokens), (there.sentences, back.sentences)] {
            prop_assert_eq!((there.precision(), there.recall(), there.f1()), (back.recall(), back.precision(), back.f1()));
        }
    }

    #[test]
    fn stricter_scores_are_never_higher((gold, predicted) in pairs()) {
        let found = scores(&gold, &predicted);
        let chains: [&[Score]; 4] = [
            &[found.words, found.uas, found.las],
            &[found.words, found.upos, found.all_tags],
            &[found.clas, found.mlas],
            &[found.clas, found.blex],
        ];
        for chain in chains {
            prop_assert!(chain.windows(2).all(|pair| pair[0].correct >= pair[1].correct));
        }
        prop_assert!(found.rows().iter().all(|(_, score)| score.correct <= score.gold.min(score.predicted)));
    }

    #[test]
    fn arcs_on_the_same_words_score_as_their_treebanks_do(
        words in vec((drawn(), drawn()), 1..12)
    ) {
        let side = |pick: fn(&(Drawn, Drawn)) -> &Drawn| {
            let sentence: Sentence = words.iter().map(|pair| vec![pick(pair).clone()]).collect();
            let arcs: Vec<(usize, &str)> = sentence
                .iter()
                .zip(1..)
                .map(|(token, word)| (head(word, &token[0].head), RELATIONS[token[0].relation]))
                .collect();
            (conllu(&[sentence], words.len(), &[]), arcs)
        };
        let ((gold, gold_arcs), (predicted, arcs)) = (side(|pair| &pair.0), side(|pair| &pair.1));
        let found = attachment(&[gold_arcs], &[arcs.into_iter().map(Some).collect()]).unwrap();
        let expected = scores(&gold, &predicted);
        prop_assert_eq!((found.uas, found.las, found.clas), (expected.uas, expected.las, expected.clas));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(\t|\n|[0-3_#x.-]|dep){0,80}") {
        let _ = Treebank::read(&text);
    }
}
