//! Reading a saved state.

use super::{WeightingKind, WeightingState};
use crate::SharingError;

/// A state and the weighting that it is read for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Restore<'a> {
    pub(super) kind: WeightingKind,
    pub(super) state: &'a WeightingState,
}

impl Restore<'_> {
    /// Errors if the state holds anything but `keys`.
    pub(super) fn only(self, keys: &[&[&str]]) -> Result<(), SharingError> {
        let known = |key: &str| keys.iter().any(|keys| keys.contains(&key));
        match self.state.values.keys().find(|key| !known(key)) {
            None => Ok(()),
            Some(key) => Err(SharingError::UnknownState { weighting: self.kind.name(), key: key.clone() }),
        }
    }

    /// The `length` values of `key`. Errors if there are none or not so many.
    pub(super) fn vector(self, key: &'static str, length: usize) -> Result<Vec<f64>, SharingError> {
        let values = self.values(key)?;
        if values.len() != length {
            let (weighting, got) = (self.kind.name(), values.len());
            return Err(SharingError::StateLength { weighting, key, expected: length, got });
        }
        Ok(values)
    }

    /// The values of `key`: rows of `width` values, as many as there are. Errors if the last is not whole.
    pub(super) fn rows(self, key: &'static str, width: usize) -> Result<Vec<Vec<f64>>, SharingError> {
        let values = self.values(key)?;
        if !values.len().is_multiple_of(width) {
            let expected = values.len().next_multiple_of(width);
            let (weighting, got) = (self.kind.name(), values.len());
            return Err(SharingError::StateLength { weighting, key, expected, got });
        }
        Ok(values.chunks(width).map(<[f64]>::to_vec).collect())
    }

    /// All values of `key`.
    pub(super) fn values(self, key: &'static str) -> Result<Vec<f64>, SharingError> {
        let missing = || SharingError::MissingState { weighting: self.kind.name(), key };
        self.state.values.get(key).cloned().ok_or_else(missing)
    }

    /// The one number of `key`.
    pub(super) fn number(self, key: &'static str) -> Result<f64, SharingError> {
        Ok(self.vector(key, 1)?[0])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_does_not_fit_is_an_error() {
        let state = WeightingState { values: BTreeMap::from([("a".to_owned(), vec![1.0, 2.0, 3.0])]) };
        let restore = Restore { kind: WeightingKind::Dwa, state: &state };
        assert_eq!(restore.vector("a", 3), Ok(vec![1.0, 2.0, 3.0]));
        assert_eq!(
            restore.vector("a", 2).unwrap_err().to_string(),
            "a saved state for loss weighting dwa holds 3 values of `a`, expected 2"
        );
        assert_eq!(
            restore.rows("a", 2).unwrap_err().to_string(),
            "a saved state for loss weighting dwa holds 3 values of `a`, expected 4"
        );
        assert_eq!(
            restore.number("b").unwrap_err().to_string(),
            "a saved state for loss weighting dwa lacks `b`"
        );
        assert_eq!(
            restore.only(&[&["b"]]).unwrap_err().to_string(),
            "a saved state for loss weighting dwa holds unknown `a`"
        );
    }
}
