//! Dependency trees: whether the heads of a sentence's words form one.
//!
//! Word `i` (from 1) names its head's number, 0 for the root. The words form a tree if exactly one of them is the root
//! and every other leads to it. This is what the CoNLL shared tasks demand of both sides before they score them.

use std::fmt;

/// Why the heads of a sentence are no tree. Words are counted from 1, as in CoNLL-U.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// There is no word.
    #[error("no words")]
    NoWords,
    /// A head lies beyond the last word.
    #[error("word {word} has head {head}, but there are {words} words")]
    HeadOutside {
        /// The word.
        word: usize,
        /// The head that it names.
        head: usize,
        /// How many words there are.
        words: usize,
    },
    /// No word has head 0.
    #[error("no word is the root: none of {words} heads is 0")]
    NoRoot {
        /// How many words there are.
        words: usize,
    },
    /// More than one word has head 0.
    #[error("words {first} and {second} are both roots: their head is 0")]
    SeveralRoots {
        /// The first of them.
        first: usize,
        /// The second.
        second: usize,
    },
    /// Some words lead back to themselves.
    #[error("a cycle of heads: {}", Chain(words))]
    Cycle {
        /// The words of the cycle, each followed by its head, from the one with the lowest number on.
        words: Vec<usize>,
    },
}

impl TreeError {
    /// The word that the error is about, from 1; the first where no single one is to blame.
    pub fn word(&self) -> usize {
        match self {
            TreeError::NoWords | TreeError::NoRoot { .. } => 1,
            TreeError::HeadOutside { word, .. } => *word,
            TreeError::SeveralRoots { second, .. } => *second,
            TreeError::Cycle { words } => words[0],
        }
    }
}

/// Words with arrows between them, and back to the first.
struct Chain<'a>(&'a [usize]);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for word in self.0 {
            write!(f, "{word} -> ")?;
        }
        write!(f, "{}", self.0[0])
    }
}

/// Checks that the heads of one sentence form a tree with a single root.
///
/// # Shapes
/// `heads`: (words,), each 0 for the root or the number of a word, from 1
///
/// # Errors
/// Errors if there is no word, a head lies beyond the last word, not exactly one head is 0, or heads form a cycle.
pub fn check_tree(heads: &[usize]) -> Result<(), TreeError> {
    let words = heads.len();
    if words == 0 {
        return Err(TreeError::NoWords);
    }
    if let Some(outside) = heads.iter().position(|&head| head > words) {
        return Err(TreeError::HeadOutside { word: outside + 1, head: heads[outside], words });
    }
    let mut roots = (1..=words).filter(|word| heads[word - 1] == 0);
    match (roots.next(), roots.next()) {
        (None, _) => Err(TreeError::NoRoot { words }),
        (Some(first), Some(second)) => Err(TreeError::SeveralRoots { first, second }),
        (Some(_), None) => match cycle(heads) {
            Some(words) => Err(TreeError::Cycle { words }),
            None => Ok(()),
        },
    }
}

/// The first cycle that is met going up from each word in turn.
fn cycle(heads: &[usize]) -> Option<Vec<usize>> {
    // The word from which each word was reached first; 0 where none has yet been. Every step marks a word or ends a
    // climb, so all climbs together take linear time.
    let mut climb_of = vec![0; heads.len()];
    for start in 1..=heads.len() {
        let mut word = start;
        while word != 0 && climb_of[word - 1] == 0 {
            climb_of[word - 1] = start;
            word = heads[word - 1];
        }
        if word != 0 && climb_of[word - 1] == start {
            return Some(around(heads, word));
        }
    }
    None
}

/// The words of the cycle through `member`, the lowest first.
fn around(heads: &[usize], member: usize) -> Vec<usize> {
    let mut words = vec![member];
    let mut word = heads[member - 1];
    while word != member {
        words.push(word);
        word = heads[word - 1];
    }
    let lowest = (0..words.len()).min_by_key(|&index| words[index]).expect("a cycle has a word");
    words.rotate_left(lowest);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(heads: &[usize]) -> String {
        check_tree(heads).unwrap_err().to_string()
    }

    #[test]
    fn trees_pass() {
        for heads in [&[0][..], &[2, 0], &[2, 3, 0, 3], &[0, 1, 2, 3]] {
            assert_eq!(check_tree(heads), Ok(()), "{heads:?}");
        }
    }

    #[test]
    fn each_rule_is_named() {
        assert_eq!(message(&[]), "no words");
        assert_eq!(message(&[0, 3]), "word 2 has head 3, but there are 2 words");
        assert_eq!(message(&[2, 1]), "no word is the root: none of 2 heads is 0");
        assert_eq!(message(&[0, 1, 0]), "words 1 and 3 are both roots: their head is 0");
        assert_eq!(message(&[3, 0, 4, 3]), "a cycle of heads: 3 -> 4 -> 3");
        assert_eq!(message(&[0, 2]), "a cycle of heads: 2 -> 2");
    }

    #[test]
    fn the_word_to_look_at_is_known() {
        assert_eq!(check_tree(&[0, 1, 0]).unwrap_err().word(), 3);
        assert_eq!(check_tree(&[4, 0, 1, 3]).unwrap_err().word(), 1);
    }
}
