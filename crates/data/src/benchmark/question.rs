//! One question about a context, with its answers.

/// One question of a benchmark, whatever the task: what is read, what is asked, and what is right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// What the benchmark calls it: its number or identifier, which files of predictions refer to.
    pub id: String,
    /// What is read to answer it; empty if it stands alone.
    pub context: String,
    /// What is asked.
    pub question: String,
    /// What the answer is chosen from: alternatives, entities of the passage, columns of the table; empty if it is free.
    pub choices: Vec<String>,
    /// Every right answer; empty if the set is published without them. "No answer" is [`UNANSWERABLE`].
    pub answers: Vec<String>,
    /// The line of the file, from 1; 1 for all questions of a file that is a single JSON document.
    pub line: usize,
}

/// The answer to a question that its context does not answer, in the wording of decaNLP.
pub const UNANSWERABLE: &str = "unanswerable";
