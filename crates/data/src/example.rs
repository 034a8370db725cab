//! One example: its text, its label and the line where it starts.

/// The text of one example. Two are the same if they are divided alike and equal to the letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Text {
    /// One text.
    Single(String),
    /// Two texts that are read together, such as a premise and a hypothesis.
    Pair(String, String),
    /// A text that is already divided into words, as token tasks need it.
    Words(Vec<String>),
}

/// A label as it stands in a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Label {
    /// The name of one class.
    Class(String),
    /// The names of any number of classes, none included.
    Classes(Vec<String>),
    /// A number, in the scale of the file.
    Value(f64),
    /// One tag per word of [`Text::Words`].
    Tags(Vec<String>),
    /// No label: the file has none, or this row has the marker for a missing one.
    Missing,
}

/// One example: its text, its label, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The text.
    pub text: Text,
    /// The label.
    pub label: Label,
    /// The line of the file on which the example starts, counted from 1; 0 if it was generated.
    pub line: usize,
}

/// What kind of label a task reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LabelKind {
    /// One class per text: [`Label::Class`].
    Class,
    /// Several classes per text: [`Label::Classes`].
    Classes,
    /// A number per text: [`Label::Value`].
    Value,
    /// A tag per word: [`Label::Tags`].
    Tags,
}
