//! The configuration of an encoder of any family.

use crate::error::{ConfigProblem, EncoderError, read_text};
use crate::family::{self, Reader};
use crate::pretrained::Folder;
use std::any::Any;
use std::fmt::Debug;
use std::path::Path;

/// The configuration of an encoder of one family: its sizes, and the text of its `config.json`.
pub trait Configuration: Any + Debug + Send + Sync {
    /// The name of the family, such as `bert`.
    fn family(&self) -> &'static str;

    /// How many token ids there are.
    fn vocabulary(&self) -> usize;

    /// The width of a token's state.
    fn hidden(&self) -> usize;

    /// How many layers.
    fn layers(&self) -> usize;

    /// How many attention heads a layer has.
    fn heads(&self) -> usize;

    /// The inner width of a layer's two position-wise products.
    fn inner(&self) -> usize;

    /// How many tokens a sequence may have.
    fn positions(&self) -> usize;

    /// The dropout rate of hidden states.
    fn dropout(&self) -> f64;

    /// The same form with another number of token ids.
    fn with_vocabulary(&self, vocabulary: usize) -> Form;

    /// Errors if a number is outside its range, or sizes do not fit each other.
    fn check(&self) -> Result<(), ConfigProblem>;

    /// The text of its `config.json`.
    fn to_json(&self) -> String;

    /// The same form.
    fn form(&self) -> Form;
}

/// The configuration of an encoder of any family.
#[derive(Debug)]
pub struct Form(Box<dyn Configuration>);

impl Form {
    /// A form of one family.
    pub fn new(configuration: impl Configuration) -> Form {
        Form(Box::new(configuration))
    }

    /// Reads a `config.json`, or that of a folder. `model_type` says which family it is of; where there is none,
    /// `architectures` do, then the prefix of the tensors in the folder.
    ///
    /// Errors if the file cannot be read, is no such JSON, is of an unknown family, or of none that can be told.
    pub fn read(path: &Path) -> Result<Form, EncoderError> {
        let (path, folder) = match path.is_dir() {
            true => (Folder::config_path(path)?, Some(path)),
            false => (path.to_owned(), None),
        };
        let text = read_text(&path)?;
        let reader = family::recognise(&path, &text, folder)?;
        Form::of_text(&reader, &path, &text)
    }

    /// The form of the text of a file that is of this family.
    pub(crate) fn of_text(reader: &Reader, path: &Path, text: &str) -> Result<Form, EncoderError> {
        (reader.read)(text).map_err(|rejected| rejected.in_file(path, text))
    }

    /// The name of the family, such as `bert`.
    pub fn family(&self) -> &'static str {
        self.0.family()
    }

    /// How many token ids there are.
    pub fn vocabulary(&self) -> usize {
        self.0.vocabulary()
    }

    /// The width of a token's state.
    pub fn hidden(&self) -> usize {
        self.0.hidden()
    }

    /// How many layers.
    pub fn layers(&self) -> usize {
        self.0.layers()
    }

    /// How many attention heads a layer has.
    pub fn heads(&self) -> usize {
        self.0.heads()
    }

    /// The inner width of a layer's two position-wise products.
    pub fn inner(&self) -> usize {
        self.0.inner()
    }

    /// How many tokens a sequence may have.
    pub fn positions(&self) -> usize {
        self.0.positions()
    }

    /// The dropout rate of hidden states.
    pub fn dropout(&self) -> f64 {
        self.0.dropout()
    }

    /// The same form with another number of token ids.
    pub fn with_vocabulary(&self, vocabulary: usize) -> Form {
        self.0.with_vocabulary(vocabulary)
    }

    /// Errors if a number is outside its range, or sizes do not fit each other.
    pub fn check(&self) -> Result<(), ConfigProblem> {
        self.0.check()
    }

    /// The text of its `config.json`.
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// The configuration, if it is of the family of this type.
    pub fn get<C: Configuration>(&self) -> Option<&C> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref()
    }
}

impl Clone for Form {
    fn clone(&self) -> Self {
        self.0.form()
    }
}

/// Forms are equal if their families and files are.
impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        (self.family(), self.to_json()) == (other.family(), other.to_json())
    }
}

impl<C: Configuration> From<C> for Form {
    fn from(configuration: C) -> Self {
        Form::new(configuration)
    }
}
