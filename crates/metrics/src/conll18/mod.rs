//! The evaluation of the CoNLL 2018 shared task: a parser's whole output against gold, from raw text to trees.
//!
//! Both sides divide the same text into tokens, words and sentences, possibly at different places. Tokens and
//! sentences count if they cover the same text; words are aligned first, and everything else is counted on them:
//!
//! ```text
//! precision = correct / predicted words     recall = correct / gold words
//! F1 = 2 correct / (predicted + gold)       aligned accuracy = correct / aligned words
//! ```
//!
//! | score | right if |
//! |---|---|
//! | UPOS, XPOS, UFeats, AllTags, Lemmas | the column is (universal features alone; AllTags: the first three together) |
//! | UAS | the head is the aligned word, or both are roots |
//! | LAS | so, and the universal relation (without subtype) is |
//! | CLAS | LAS, of content words: those whose universal relation is not of a function word and not `punct` |
//! | MLAS | CLAS, with UPOS and features, and the same function words with relation, UPOS and features |
//! | BLEX | CLAS, with the lemma |
//!
//! Every score is in `[0, 1]` and higher is better.
//!
//! Zeman et al. 2018, "CoNLL 2018 Shared Task: Multilingual Parsing from Raw Text to Universal Dependencies" (section 5),
//! counted as its `conll18_ud_eval.py` 1.2 does. Differences: [`Treebank::read`] refuses a few files that the script lets
//! through.
//!
//! ```
//! use mtl_metrics::conll18::{Treebank, evaluate};
//!
//! let gold = "1\tcats\tcat\tNOUN\t_\t_\t2\tnsubj\t_\t_\n2\tran\trun\tVERB\t_\t_\t0\troot\t_\t_\n\n";
//! let predicted = gold.replace("nsubj", "obj");
//! let evaluation = evaluate(&Treebank::read(gold)?, &Treebank::read(&predicted)?)?;
//! assert_eq!((evaluation.uas.f1(), evaluation.las.f1()), (1.0, 0.5));
//! # Ok::<(), mtl_metrics::conll18::Conll18Error>(())
//! ```

mod align;
mod error;
mod evaluation;
mod read;
mod score;
mod treebank;
pub(crate) mod universal;

pub use error::Conll18Error;
pub use evaluation::{Evaluation, Score};
pub use score::evaluate;
pub use treebank::{Treebank, Word};

use crate::scale::Scale;

/// Direction and range of precision, recall, F1 and aligned accuracy of every [`Score`].
pub const SCALE: Scale = Scale::SHARE;
