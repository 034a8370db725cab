//! `invalid_bio`: what becomes of a tag `I-X` that continues no `X`.

use super::choice::choices;
use super::error::ConfigError;
use super::section::Section;
use super::task::TaskKind;

choices! {
    /// What becomes of a tag `I-X` that continues no `X`, wherever tags are read: for training, for dev and for test.
    ///
    /// Under `repair` and `refuse` a tag that is neither `O` nor `B-X` nor `I-X` is an error.
    InvalidBio {
        /// It stays, and begins a span when spans are counted, as conlleval reads it.
        Keep = "keep",
        /// It is read as `B-X`, and a warning counts how many there are.
        Repair = "repair",
        /// It is an error.
        Refuse = "refuse",
    }
}

impl InvalidBio {
    /// What is done to tags as they are read; `None` if nothing is.
    pub fn policy(self) -> Option<mtl_metrics::InvalidBio> {
        match self {
            InvalidBio::Keep => None,
            InvalidBio::Repair => Some(mtl_metrics::InvalidBio::Repair),
            InvalidBio::Refuse => Some(mtl_metrics::InvalidBio::Refuse),
        }
    }

    /// Reads the key, which only tasks with tags have.
    pub(super) fn read(section: &Section<'_>, kind: TaskKind) -> Result<Option<Self>, ConfigError> {
        if kind != TaskKind::TokenClassification {
            section.not_applicable("invalid_bio", TaskKind::TokenClassification.name(), kind.name())?;
            return Ok(None);
        }
        section.or("invalid_bio", InvalidBio::Keep, |entry| entry.choice()).map(Some)
    }
}
