//! An amount of memory as people write it: `"8 GiB"`.

use std::fmt;

use serde::{Serialize, Serializer};

use super::error::ConfigError;
use super::section::Entry;

/// The units, largest first, in bytes.
const UNITS: [(&str, u64); 6] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("B", 1),
];

/// An amount of memory in bytes, above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemorySize(pub u64);

impl MemorySize {
    /// A number with a unit. Errors if it is anything else, or nothing.
    pub(super) fn read(entry: &Entry<'_>) -> Result<MemorySize, ConfigError> {
        let text = entry.word()?;
        MemorySize::parse(&text).ok_or_else(|| {
            let units: Vec<&str> = UNITS.iter().map(|(unit, _)| *unit).collect();
            let rule = format!("a number above 0 with a unit ({}), as in \"8 GiB\"", units.join(", "));
            entry.out_of_range(rule, format!("{text:?}"))
        })
    }

    fn parse(text: &str) -> Option<MemorySize> {
        let (number, bytes) =
            UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)))?;
        let number: f64 = number.trim_end().parse().ok()?;
        let size = (number * bytes as f64).round();
        (size.is_finite() && size >= 1.0).then_some(MemorySize(size as u64))
    }
}

impl fmt::Display for MemorySize {
    /// In the largest unit of which it is a whole number, so that it reads back as the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, bytes)| self.0.is_multiple_of(*bytes));
        let (unit, bytes) = whole.expect("every size is a whole number of bytes");
        write!(f, "{} {unit}", self.0 / bytes)
    }
}

impl Serialize for MemorySize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_reads_back_as_it_is_written() {
        let sizes =
            [("8 GiB", "8 GiB"), ("1.5GiB", "1536 MiB"), ("2 GB", "2 GB"), ("3 MB", "3 MB"), ("7 B", "7 B")];
        for (text, written) in sizes {
            let size = MemorySize::parse(text).unwrap();
            assert_eq!(size.to_string(), written);
            assert_eq!(MemorySize::parse(written), Some(size));
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["8", "GiB", "0 GiB", "-1 GiB", "8 gib", "inf GiB", "many MB"] {
            assert_eq!(MemorySize::parse(text), None, "{text}");
        }
    }
}
