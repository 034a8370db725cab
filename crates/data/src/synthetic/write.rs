//! The corpus as files that the readers of this crate read back.
//!
//! Token tasks are CoNLL columns (word, tab, tag; an empty line after each sentence); all others
//! are JSON lines with the keys `text`, or `text_a` and `text_b`, and `label`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mtl_base::whole;

use super::{Corpus, SyntheticTask, vocabulary};
use crate::{Example, Label, Text};

/// The tokens that BERT's WordPiece vocabulary begins with.
const SPECIAL_TOKENS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// Why the synthetic corpus was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyntheticError {
    /// The folder could not be made.
    #[error("failed to make the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// A file could not be written; nothing of it is left, and an older file of that name still stands.
    #[error("failed to write {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
}

impl Corpus {
    /// Writes every split of every task, [`SyntheticTask::file_name`] each, and `vocab.txt` (a
    /// WordPiece vocabulary of whole words after BERT's five special tokens) into `folder`, which is
    /// made if it does not exist. Each file is whole or absent, never half-written.
    ///
    /// # Errors
    ///
    /// If the folder or a file cannot be written; the error names it.
    pub fn write(&self, folder: &Path) -> Result<(), SyntheticError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| SyntheticError::Folder { path: folder.to_owned(), source })?;
        for task in &self.tasks {
            for (split, examples) in [("train", &task.train), ("dev", &task.dev)] {
                let lines: String = examples.iter().map(lines).collect();
                write_file(folder, &task.file_name(split), &lines)?;
            }
        }
        let words = SPECIAL_TOKENS.map(str::to_owned).into_iter().chain(vocabulary());
        let vocabulary: String = words.map(|word| word + "\n").collect();
        write_file(folder, "vocab.txt", &vocabulary)
    }
}

impl SyntheticTask {
    /// The file that [`Corpus::write`] makes of a split (`train` or `dev`), such as `phrases.dev.conll`.
    #[must_use]
    pub fn file_name(&self, split: &str) -> String {
        let extension = if self.kind == crate::LabelKind::Tags { "conll" } else { "jsonl" };
        format!("{}.{split}.{extension}", self.name)
    }
}

fn write_file(folder: &Path, name: &str, content: &str) -> Result<(), SyntheticError> {
    let path = folder.join(name);
    whole::write(&path, content.as_bytes()).map_err(|source| SyntheticError::File { path, source })
}

/// The lines of one example, the last line break included.
fn lines(example: &Example) -> String {
    match (&example.text, &example.label) {
        (Text::Words(words), Label::Tags(tags)) => {
            let mut lines = String::new();
            for (word, tag) in words.iter().zip(tags) {
                writeln!(lines, "{word}\t{tag}").expect("a string takes every line");
            }
            lines + "\n"
        }
        (text, label) => format!("{}\n", json(text, label)),
    }
}

fn json(text: &Text, label: &Label) -> serde_json::Value {
    let label = match label {
        Label::Class(class) => serde_json::json!(class),
        Label::Classes(names) | Label::Tags(names) => serde_json::json!(names),
        Label::Value(value) => serde_json::json!(value),
        Label::Missing => serde_json::Value::Null,
    };
    match text {
        Text::Single(text) => serde_json::json!({ "text": text, "label": label }),
        Text::Pair(first, second) => {
            serde_json::json!({ "text_a": first, "text_b": second, "label": label })
        }
        Text::Words(words) => serde_json::json!({ "text": words, "label": label }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(text: Text, label: Label) -> Example {
        Example { text, label, line: 0 }
    }

    #[test]
    fn each_kind_of_example_has_its_lines() {
        let class = Label::Class("positive".into());
        assert_eq!(
            lines(&example(Text::Single("anna sang".into()), class)),
            "{\"label\":\"positive\",\"text\":\"anna sang\"}\n"
        );
        assert_eq!(
            lines(&example(Text::Pair("a".into(), "b".into()), Label::Value(2.6))),
            "{\"label\":2.6,\"text_a\":\"a\",\"text_b\":\"b\"}\n"
        );
        let tags = Label::Tags(vec!["DET".into(), "NOUN".into()]);
        let words = Text::Words(vec!["the".into(), "hen".into()]);
        assert_eq!(lines(&example(words, tags)), "the\tDET\nhen\tNOUN\n\n");
    }
}
