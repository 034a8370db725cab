//! What the evaluation reports: counts behind each score, and the published table.

use std::fmt;

/// How many things are in gold, were predicted, and are right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// Things in gold.
    pub gold: usize,
    /// Things predicted.
    pub predicted: usize,
    /// Things predicted rightly.
    pub correct: usize,
    /// Gold things whose word is aligned with a predicted one; `None` where alignment itself is scored.
    pub aligned: Option<usize>,
}

impl Score {
    /// `correct / predicted`, in `[0, 1]`, higher is better; 0 if nothing was predicted.
    pub fn precision(&self) -> f64 {
        ratio(self.correct, self.predicted)
    }

    /// `correct / gold`, in `[0, 1]`, higher is better; 0 if there is nothing in gold.
    pub fn recall(&self) -> f64 {
        ratio(self.correct, self.gold)
    }

    /// `2 correct / (gold + predicted)`, in `[0, 1]`, higher is better; 0 if both sides have nothing.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.correct, self.gold + self.predicted)
    }

    /// `correct / aligned`, in `[0, 1]`, higher is better; 0 if nothing is aligned, `None` where alignment itself is
    /// scored.
    pub fn aligned_accuracy(&self) -> Option<f64> {
        self.aligned.map(|aligned| ratio(self.correct, aligned))
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    match whole {
        0 => 0.0,
        _ => part as f64 / whole as f64,
    }
}

/// All scores of a treebank; [`Display`](fmt::Display) prints them in percent, in the layout of the published script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// Tokens with the right text.
    pub tokens: Score,
    /// Sentences that start and end at the right places.
    pub sentences: Score,
    /// Words that are aligned.
    pub words: Score,
    /// Words with the right universal part of speech.
    pub upos: Score,
    /// Words with the right part of speech of the language's own.
    pub xpos: Score,
    /// Words with all universal features right.
    pub ufeats: Score,
    /// Words with UPOS, XPOS and universal features right.
    pub all_tags: Score,
    /// Words with the right lemma; any is right where gold has `_`.
    pub lemmas: Score,
    /// Unlabelled attachment: words with the right head.
    pub uas: Score,
    /// Labelled attachment: words with the right head and universal relation.
    pub las: Score,
    /// Labelled attachment of content words alone.
    pub clas: Score,
    /// Morphology-aware labelled attachment: CLAS with UPOS and features right, of the word and of its function words, which
    /// must be the same.
    pub mlas: Score,
    /// Bi-lexical dependencies: CLAS with the lemma right.
    pub blex: Score,
}

impl Evaluation {
    /// Each score with the name that the published script prints, in its order.
    pub fn rows(&self) -> [(&'static str, Score); 13] {
        [
            ("Tokens", self.tokens),
            ("Sentences", self.sentences),
            ("Words", self.words),
            ("UPOS", self.upos),
            ("XPOS", self.xpos),
            ("UFeats", self.ufeats),
            ("AllTags", self.all_tags),
            ("Lemmas", self.lemmas),
            ("UAS", self.uas),
            ("LAS", self.las),
            ("CLAS", self.clas),
            ("MLAS", self.mlas),
            ("BLEX", self.blex),
        ]
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Metric     | Precision |    Recall |  F1 Score | AligndAcc")?;
        writeln!(f, "-----------+-----------+-----------+-----------+-----------")?;
        for (name, score) in self.rows() {
            let [precision, recall, f1] = [score.precision(), score.recall(), score.f1()].map(|s| 100.0 * s);
            write!(f, "{name:11}|{precision:10.2} |{recall:10.2} |{f1:10.2} |")?;
            match score.aligned_accuracy() {
                Some(accuracy) => writeln!(f, "{:10.2}", 100.0 * accuracy)?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
