//! The keys of the weightings: names, defaults, purposes and ranges, checked once.

use std::collections::BTreeMap;

use mtl_base::nearest;

use super::WeightingKind;
use crate::SharingError;

/// A number that a weighting can be set with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    /// Its name in a configuration file.
    pub name: &'static str,
    /// Its value where nothing else is said.
    pub default: f64,
    /// What it does, in a few words.
    pub purpose: &'static str,
    /// Which values it can take.
    pub range: Range,
}

/// The values that a key can take. All are finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Range {
    /// Any number.
    Any,
    /// A number above 0.
    Positive,
    /// A number of at least 0.
    AtLeastZero,
    /// A whole number of at least 0.
    Whole,
    /// A whole number of at least 2.
    WholeFromTwo,
}

impl Range {
    /// The range in words: "above 0".
    pub const fn words(self) -> &'static str {
        match self {
            Range::Any => "any finite number",
            Range::Positive => "above 0",
            Range::AtLeastZero => "at least 0",
            Range::Whole => "a whole number of at least 0",
            Range::WholeFromTwo => "a whole number of at least 2",
        }
    }

    /// The range as registries hold it.
    pub(super) const fn registered(self) -> mtl_base::registry::Range {
        use mtl_base::registry::Range as Registered;
        match self {
            Range::Any => Registered::Any,
            Range::Positive => Registered::Positive,
            Range::AtLeastZero => Registered::AtLeastZero,
            Range::Whole => Registered::WholeFrom(0),
            Range::WholeFromTwo => Registered::WholeFrom(2),
        }
    }

    /// Is this value in the range?
    pub fn contains(self, value: f64) -> bool {
        // What a double can count exactly.
        let whole = value.fract() == 0.0 && value <= (1_u64 << 53) as f64;
        value.is_finite()
            && match self {
                Range::Any => true,
                Range::Positive => value > 0.0,
                Range::AtLeastZero => value >= 0.0,
                Range::Whole => whole && value >= 0.0,
                Range::WholeFromTwo => whole && value >= 2.0,
            }
    }
}

/// Errors if `values` has a key that is not among `keys`.
pub(super) fn check_names(
    kind: WeightingKind,
    keys: &[Key],
    values: &BTreeMap<String, f64>,
) -> Result<(), SharingError> {
    let names = || keys.iter().map(|key| key.name);
    match values.keys().find(|name| names().all(|known| known != name.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(SharingError::UnknownKey {
            method: kind.name(),
            key: unknown.clone(),
            nearest: nearest(unknown, names()),
            expected: names().collect(),
        }),
    }
}

/// Errors if the value is out of the key's range.
pub(super) fn check_range(kind: WeightingKind, key: &Key, value: f64) -> Result<(), SharingError> {
    if key.range.contains(value) {
        return Ok(());
    }
    Err(SharingError::KeyOutOfRange {
        weighting: kind.name(),
        key: key.name,
        range: key.range.words(),
        got: value,
    })
}

/// Defines the settings of a weighting: a structure with a field for each key, its table of keys and their checks.
macro_rules! settings {
    (
        $(#[$about:meta])*
        $config:ident of $weighting:ident {
            $($field:ident: $type:ty = $default:literal, $range:ident, $purpose:literal;)+
        }
    ) => {
        $(#[$about])*
        ///
        /// | key | default | purpose | range |
        /// |---|---|---|---|
        $(#[doc = concat!(
            "| `", stringify!($field), "` | ", stringify!($default), " | ", $purpose,
            " | [`", stringify!($range), "`](super::key::Range::", stringify!($range), ") |"
        )])+
        #[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $config {
            $(#[doc = concat!($purpose, ".")] pub $field: $type,)+
        }

        impl $config {
            /// Every key, in the order of the documentation.
            pub const KEYS: &'static [$crate::weighting::Key] = &[$($crate::weighting::Key {
                name: stringify!($field),
                default: $default as f64,
                purpose: $purpose,
                range: $crate::weighting::Range::$range,
            }),+];

            /// The keys as registries hold them.
            const SETTINGS: &'static [mtl_base::Key] = &[$(mtl_base::Key {
                name: stringify!($field),
                default: mtl_base::registry::Default::Number($default as f64),
                range: $crate::weighting::Range::$range.registered(),
                meaning: $purpose,
            }),+];

            /// The settings with these values, the default where there is none.
            ///
            /// Errors if there is no such key or a value is out of its range.
            pub fn from_values(
                values: &std::collections::BTreeMap<String, f64>,
            ) -> Result<Self, $crate::SharingError> {
                let kind = $crate::weighting::WeightingKind::$weighting;
                $crate::weighting::key::check_names(kind, Self::KEYS, values)?;
                for key in Self::KEYS {
                    if let Some(&value) = values.get(key.name) {
                        $crate::weighting::key::check_range(kind, key, value)?;
                    }
                }
                Ok(Self {
                    $($field: values.get(stringify!($field)).map_or($default, |&value| value as $type)),+
                })
            }

            /// Errors if a value is out of its range.
            pub(super) fn check(&self) -> Result<(), $crate::SharingError> {
                let kind = $crate::weighting::WeightingKind::$weighting;
                let values = [$(self.$field as f64),+];
                for (key, value) in Self::KEYS.iter().zip(values) {
                    $crate::weighting::key::check_range(kind, key, value)?;
                }
                Ok(())
            }
        }

        impl Default for $config {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }
    };
}

pub(super) use settings;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_they_say() {
        for (range, inside, outside) in [
            (Range::Any, -1.5, f64::INFINITY),
            (Range::Positive, 0.1, 0.0),
            (Range::AtLeastZero, 0.0, -0.1),
            (Range::Whole, 0.0, 0.5),
            (Range::WholeFromTwo, 2.0, 1.0),
        ] {
            assert!(range.contains(inside) && !range.contains(outside), "{range:?}");
            assert!(!range.contains(f64::NAN), "{range:?}");
            assert_eq!(range.registered().words(), range.words());
        }
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let values = |name: &str| BTreeMap::from([(name.to_owned(), 1.0)]);
        let error = WeightingKind::Dwa.configure(&values("temprature")).unwrap_err();
        assert_eq!(error.to_string(), "dwa has no key `temprature`, did you mean `temperature`?");
        let error = WeightingKind::Dwa.configure(&values("alpha")).unwrap_err();
        assert_eq!(error.to_string(), "dwa has no key `alpha`, only temperature, interval");
        let error = WeightingKind::Equal.configure(&values("alpha")).unwrap_err();
        assert_eq!(error.to_string(), "equal has no key `alpha`, it has none");
    }

    #[test]
    fn a_value_out_of_range_names_the_range() {
        let values = BTreeMap::from([("temperature".to_owned(), 0.0)]);
        let error = WeightingKind::Dwa.configure(&values).unwrap_err();
        assert_eq!(error.to_string(), "`temperature` of dwa weighting must be above 0, got 0");
    }
}
