//! The scores of a predicted treebank against gold.

use super::align::align;
use super::error::Conll18Error;
use super::evaluation::{Evaluation, Score};
use super::treebank::{Span, Treebank, Word};
use super::universal::{is_content, is_functional};

/// Scores a predicted treebank as the evaluation of the CoNLL 2018 shared task does.
///
/// # Errors
/// Errors if the tokens of both, spaces left out, are not the same text.
pub fn evaluate(gold: &Treebank, predicted: &Treebank) -> Result<Evaluation, Conll18Error> {
    same_text(gold, predicted)?;
    let words = Words::new(gold, predicted);
    let matches = |right: &dyn Fn(usize, usize) -> bool| words.score(|_| true, right);
    let content = |right: &dyn Fn(usize, usize) -> bool| words.score(|word| is_content(word.relation), right);
    Ok(Evaluation {
        tokens: same_spans(&gold.tokens, &predicted.tokens),
        sentences: same_spans(&gold.sentences, &predicted.sentences),
        words: Score { aligned: None, ..matches(&|_, _| true) },
        upos: matches(&|g, p| words.gold[g].upos == words.predicted[p].upos),
        xpos: matches(&|g, p| words.gold[g].xpos == words.predicted[p].xpos),
        ufeats: matches(&|g, p| words.gold[g].features == words.predicted[p].features),
        all_tags: matches(&|g, p| words.same_tags(g, p) && words.gold[g].xpos == words.predicted[p].xpos),
        lemmas: matches(&|g, p| words.same_lemma(g, p)),
        uas: matches(&|g, p| words.same_head(g, p)),
        las: matches(&|g, p| words.same_arc(g, p)),
        clas: content(&|g, p| words.same_arc(g, p)),
        mlas: content(&|g, p| {
            words.same_arc(g, p) && words.same_tags(g, p) && words.same_function_words(g, p)
        }),
        blex: content(&|g, p| words.same_arc(g, p) && words.same_lemma(g, p)),
    })
}

fn same_text(gold: &Treebank, predicted: &Treebank) -> Result<(), Conll18Error> {
    if gold.text == predicted.text {
        return Ok(());
    }
    let pairs = gold.text.chars().zip(predicted.text.chars());
    let same: usize = pairs.take_while(|(g, p)| g == p).map(|(g, _)| g.len_utf8()).sum();
    let rest = |treebank: &Treebank| treebank.text[same..].chars().take(20).collect();
    Err(Conll18Error::TextMismatch {
        gold_line: line_at(gold, same),
        gold: rest(gold),
        predicted_line: line_at(predicted, same),
        predicted: rest(predicted),
    })
}

/// The line of the token that holds a byte of the text; the last token's where the text is at its end.
fn line_at(treebank: &Treebank, byte: usize) -> usize {
    let index = treebank.tokens.partition_point(|token| token.end <= byte);
    treebank.tokens[index.min(treebank.tokens.len() - 1)].line
}

/// Spans found on both sides; those of one side neither overlap nor are empty.
fn same_spans(gold: &[Span], predicted: &[Span]) -> Score {
    let (mut g, mut p, mut correct) = (0, 0, 0);
    while g < gold.len() && p < predicted.len() {
        let (left, right) = (gold[g], predicted[p]);
        correct += usize::from(left.covers(right));
        g += usize::from(left.start <= right.start);
        p += usize::from(right.start <= left.start);
    }
    Score { gold: gold.len(), predicted: predicted.len(), correct, aligned: None }
}

/// The words of both sides, and what stands for what.
struct Words<'a> {
    gold: &'a [Word<'a>],
    predicted: &'a [Word<'a>],
    pairs: Vec<(usize, usize)>,
    /// The gold word of each predicted word.
    gold_of: Vec<Option<usize>>,
    /// The function words that hang on each gold word, in order.
    gold_functions: Vec<Vec<usize>>,
    /// The same of each predicted word.
    predicted_functions: Vec<Vec<usize>>,
}

impl<'a> Words<'a> {
    fn new(gold: &'a Treebank, predicted: &'a Treebank) -> Self {
        let (gold, predicted) = (gold.words(), predicted.words());
        let pairs = align(gold, predicted);
        let mut gold_of = vec![None; predicted.len()];
        for &(g, p) in &pairs {
            gold_of[p] = Some(g);
        }
        let (gold_functions, predicted_functions) = (function_words(gold), function_words(predicted));
        Words { gold, predicted, pairs, gold_of, gold_functions, predicted_functions }
    }

    /// Counts words that `counts` lets through; of aligned ones, gold decides.
    fn score(&self, counts: impl Fn(&Word) -> bool, right: impl Fn(usize, usize) -> bool) -> Score {
        let count = |words: &[Word]| words.iter().filter(|word| counts(word)).count();
        let (mut aligned, mut correct) = (0, 0);
        for &(g, p) in self.pairs.iter().filter(|(g, _)| counts(&self.gold[*g])) {
            aligned += 1;
            correct += usize::from(right(g, p));
        }
        Score { gold: count(self.gold), predicted: count(self.predicted), correct, aligned: Some(aligned) }
    }

    fn same_tags(&self, g: usize, p: usize) -> bool {
        let (gold, predicted) = (&self.gold[g], &self.predicted[p]);
        gold.upos == predicted.upos && gold.features == predicted.features
    }

    fn same_lemma(&self, g: usize, p: usize) -> bool {
        self.gold[g].lemma == "_" || self.gold[g].lemma == self.predicted[p].lemma
    }

    fn same_head(&self, g: usize, p: usize) -> bool {
        match (self.gold[g].head, self.predicted[p].head) {
            (None, None) => true,
            (Some(gold), Some(predicted)) => self.gold_of[predicted] == Some(gold),
            _ => false,
        }
    }

    fn same_arc(&self, g: usize, p: usize) -> bool {
        self.same_head(g, p) && self.gold[g].relation == self.predicted[p].relation
    }

    fn same_function_words(&self, g: usize, p: usize) -> bool {
        let (gold, predicted) = (&self.gold_functions[g], &self.predicted_functions[p]);
        let same = |(&g, &p): (&usize, &usize)| {
            let relation = self.gold[g].relation == self.predicted[p].relation;
            self.gold_of[p] == Some(g) && relation && self.same_tags(g, p)
        };
        gold.len() == predicted.len() && gold.iter().zip(predicted).all(same)
    }
}

fn function_words(words: &[Word]) -> Vec<Vec<usize>> {
    let mut of_head = vec![Vec::new(); words.len()];
    for (index, word) in words.iter().enumerate() {
        if let Some(head) = word.head.filter(|_| is_functional(word.relation)) {
            of_head[head].push(index);
        }
    }
    of_head
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of `id form lemma upos xpos feats head deprel`, closed by an empty one.
    fn sentence(lines: &[&str]) -> String {
        let rows = lines.iter().map(|line| line.split(' ').collect::<Vec<_>>().join("\t") + "\t_\t_\n");
        rows.collect::<String>() + "\n"
    }

    fn scores(gold: &str, predicted: &str) -> Evaluation {
        evaluate(&Treebank::read(gold).unwrap(), &Treebank::read(predicted).unwrap()).unwrap()
    }

    const GOLD: [&str; 4] = [
        "1 the the DET DT Definite=Def 2 det",
        "2 cats cat NOUN NNS Number=Plur 3 nsubj",
        "3 ran run VERB VBD Tense=Past 0 root",
        "4 . . PUNCT . _ 3 punct",
    ];

    #[test]
    fn a_file_against_itself_is_all_right() {
        let gold = sentence(&GOLD);
        for (name, score) in scores(&gold, &gold).rows() {
            assert_eq!((score.f1(), score.precision(), score.recall()), (1.0, 1.0, 1.0), "{name}");
        }
    }

    #[test]
    fn a_wrong_function_word_costs_its_head_in_mlas_alone() {
        let gold = sentence(&GOLD);
        let predicted = gold.replace("Definite=Def", "Definite=Ind");
        let evaluation = scores(&gold, &predicted);
        let correct = evaluation.rows().map(|(_, score)| score.correct);
        assert_eq!(correct, [4, 1, 4, 4, 4, 3, 3, 4, 4, 4, 2, 1, 2]);
        assert_eq!(evaluation.clas, Score { gold: 2, predicted: 2, correct: 2, aligned: Some(2) });
    }

    #[test]
    fn a_lemma_that_gold_leaves_out_is_right_in_any_form() {
        let gold = sentence(&["1 x _ X X _ 0 root"]);
        let predicted = sentence(&["1 x other X X _ 0 root"]);
        assert_eq!(scores(&gold, &predicted).blex.correct, 1);
        assert_eq!(scores(&predicted, &gold).blex.correct, 0);
    }

    #[test]
    fn another_division_of_the_text_costs_tokens_and_words() {
        let gold = sentence(&GOLD);
        let predicted = sentence(&[
            "1 thecats cat NOUN NNS Number=Plur 2 nsubj",
            "2 ran run VERB VBD Tense=Past 0 root",
            "3 . . PUNCT . _ 2 punct",
        ]);
        let evaluation = scores(&gold, &predicted);
        assert_eq!(evaluation.tokens, Score { gold: 4, predicted: 3, correct: 2, aligned: None });
        assert_eq!(evaluation.uas, Score { gold: 4, predicted: 3, correct: 2, aligned: Some(2) });
    }

    #[test]
    fn nothing_aligned_prints_zeros() {
        let (gold, predicted) =
            (sentence(&["1 ab _ X _ _ 0 root"]), sentence(&["1 a _ X _ _ 0 root", "2 b _ X _ _ 1 dep"]));
        let table = scores(&gold, &predicted).to_string();
        assert!(table.contains("\nSentences  |    100.00 |    100.00 |    100.00 |\n"), "{table}");
        assert!(table.contains("\nUPOS       |      0.00 |      0.00 |      0.00 |      0.00\n"), "{table}");
    }

    #[test]
    fn different_texts_are_named_with_both_lines() {
        let gold = sentence(&GOLD);
        let predicted = gold.replace("\tran\t", "\tsat\t");
        let error = evaluate(&Treebank::read(&gold).unwrap(), &Treebank::read(&predicted).unwrap());
        assert_eq!(
            error.unwrap_err().to_string(),
            "the texts differ from gold line 3 and predicted line 3 on: \"ran.\" against \"sat.\""
        );
        let longer = gold.replace(". ", "") + &sentence(&["1 x _ X _ _ 0 root"]);
        let error = evaluate(&Treebank::read(&gold).unwrap(), &Treebank::read(&longer).unwrap());
        assert_eq!(
            error.unwrap_err().to_string(),
            "the texts differ from gold line 4 and predicted line 6 on: \"\" against \"x\""
        );
    }
}
