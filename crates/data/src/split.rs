//! Dividing examples into train and dev, and finding texts that stand on both sides.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::error::DataError;
use crate::example::{Example, Label, Text};

/// How many pairs of lines a [`Duplicates`] lists.
const LISTED: usize = 5;

/// Two sets of examples, as indices in increasing order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The examples to train on.
    pub train: Vec<usize>,
    /// The examples held out.
    pub dev: Vec<usize>,
}

impl Split {
    /// Holds out `share` of the examples, rounded, drawn at random by `seed`.
    ///
    /// Examples with a class are stratified: each class gives its share, up to rounding (largest remainders first).
    /// Errors unless `0 < share < 1` and both sides get at least one example.
    pub fn by_fraction(examples: &[Example], share: f64, seed: u64) -> Result<Self, DataError> {
        check_share(share)?;
        let mut strata: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for (index, example) in examples.iter().enumerate() {
            let class = match &example.label {
                Label::Class(name) => Some(name.as_str()),
                _ => None,
            };
            strata.entry(class).or_default().push(index);
        }
        let mut strata: Vec<Vec<usize>> = strata.into_values().collect();
        let sizes: Vec<usize> = strata.iter().map(Vec::len).collect();
        let held_out = apportion(&sizes, share);
        let mut dev = Vec::new();
        for (stratum, count) in strata.iter_mut().zip(held_out) {
            stratum.sort_by_key(|index| (mix(seed, *index as u64), *index));
            dev.extend(&stratum[..count]);
        }
        Self::holding_out(dev, examples.len(), share)
    }

    /// Holds out whole groups: examples with equal keys stay together. Groups are drawn at random by `seed`, each
    /// taken if it brings the number of dev examples nearer to `share` of all.
    ///
    /// Errors unless `0 < share < 1` and both sides get at least one group.
    pub fn by_key(keys: &[String], share: f64, seed: u64) -> Result<Self, DataError> {
        check_share(share)?;
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, key) in keys.iter().enumerate() {
            groups.entry(key).or_default().push(index);
        }
        let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
        groups.sort_by_key(|group| (mix(seed, group[0] as u64), group[0]));
        let target = share * keys.len() as f64;
        let mut dev = Vec::new();
        for group in groups {
            let (without, with) = (dev.len() as f64, (dev.len() + group.len()) as f64);
            if (with - target).abs() < (without - target).abs() {
                dev.extend(group);
            }
        }
        Self::holding_out(dev, keys.len(), share)
    }

    fn holding_out(mut dev: Vec<usize>, examples: usize, share: f64) -> Result<Self, DataError> {
        dev.sort_unstable();
        if dev.is_empty() || dev.len() == examples {
            return Err(DataError::EmptySplit { share, examples });
        }
        let mut held_out = vec![false; examples];
        dev.iter().for_each(|index| held_out[*index] = true);
        let train = (0..examples).filter(|index| !held_out[*index]).collect();
        Ok(Self { train, dev })
    }
}

/// Texts of one set that stand in another too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Duplicates {
    /// How many examples of the second set have a text of the first.
    pub count: usize,
    /// The lines of the first few: in the first set, in the second.
    pub lines: Vec<(usize, usize)>,
}

impl Duplicates {
    /// The examples of `dev` whose text, exactly as it is, stands in `train`.
    pub fn between(train: &[Example], dev: &[Example]) -> Self {
        let mut seen: HashMap<TextKey<'_>, usize> = HashMap::with_capacity(train.len());
        for example in train {
            seen.entry(TextKey::of(&example.text)).or_insert(example.line);
        }
        let found = dev
            .iter()
            .filter_map(|example| seen.get(&TextKey::of(&example.text)).map(|line| (*line, example.line)));
        found.fold(Self::default(), |mut all, lines| {
            all.count += 1;
            if all.lines.len() < LISTED {
                all.lines.push(lines);
            }
            all
        })
    }
}

impl fmt::Display for Duplicates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "1 text of dev stands in train too")?,
            count => write!(f, "{count} texts of dev stand in train too")?,
        }
        for (place, (train, dev)) in self.lines.iter().enumerate() {
            let before = if place == 0 { ": " } else { ", " };
            write!(f, "{before}line {dev} (train line {train})")?;
        }
        if self.count > self.lines.len() { f.write_str(", ...") } else { Ok(()) }
    }
}

/// What makes two texts the same.
#[derive(PartialEq, Eq, Hash)]
enum TextKey<'a> {
    Single(&'a str),
    Pair(&'a str, &'a str),
    Words(&'a [String]),
}

impl<'a> TextKey<'a> {
    fn of(text: &'a Text) -> Self {
        match text {
            Text::Single(text) => Self::Single(text),
            Text::Pair(first, second) => Self::Pair(first, second),
            Text::Words(words) => Self::Words(words),
        }
    }
}

fn check_share(share: f64) -> Result<(), DataError> {
    if share > 0.0 && share < 1.0 { Ok(()) } else { Err(DataError::Share { share }) }
}

/// `share` of each size, rounded so that the total is `share` of the total: by largest remainder, ties in order.
fn apportion(sizes: &[usize], share: f64) -> Vec<usize> {
    let exact: Vec<f64> = sizes.iter().map(|size| share * *size as f64).collect();
    let mut counts: Vec<usize> = exact.iter().map(|count| *count as usize).collect();
    let total = (share * sizes.iter().sum::<usize>() as f64).round() as usize;
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|a, b| exact[*b].fract().total_cmp(&exact[*a].fract()));
    let missing = total.saturating_sub(counts.iter().sum());
    for index in order.into_iter().take(missing) {
        counts[index] += 1;
    }
    counts
}

/// The `index`-th number of the SplitMix64 sequence of `seed` (Steele, Lea and Flood 2014).
fn mix(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(classes: &[&str]) -> Vec<Example> {
        let example = |(line, class): (usize, &&str)| Example {
            text: Text::Single(format!("{}", line % 4)),
            label: Label::Class(class.to_string()),
            line: line + 1,
        };
        classes.iter().enumerate().map(example).collect()
    }

    #[test]
    fn draws_are_the_published_sequence() {
        assert_eq!(mix(0, 0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(0, 1), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn shares_are_rounded_by_largest_remainder() {
        assert_eq!(apportion(&[10, 5, 5], 0.1), [1, 1, 0]);
        assert_eq!(apportion(&[3, 3, 4], 0.5), [2, 1, 2]);
        assert_eq!(apportion(&[1], 0.1), [0]);
    }

    #[test]
    fn a_split_is_stratified_and_repeats() {
        let all = examples(&["a", "b", "a", "b", "a", "b", "a", "b", "a", "a"]);
        let split = Split::by_fraction(&all, 0.5, 7).unwrap();
        assert_eq!((split.train.len(), split.dev.len()), (5, 5));
        assert_eq!(split.dev.iter().filter(|index| all[**index].label == all[0].label).count(), 3);
        assert_eq!(split, Split::by_fraction(&all, 0.5, 7).unwrap());
        assert_ne!(split, Split::by_fraction(&all, 0.5, 8).unwrap());
    }

    #[test]
    fn groups_stay_together() {
        let keys: Vec<String> = ["x", "y", "x", "z", "z", "x"].map(String::from).into();
        let split = Split::by_key(&keys, 0.5, 1).unwrap();
        assert!(split.train.iter().all(|a| split.dev.iter().all(|b| keys[*a] != keys[*b])));
        let one = vec!["x".to_owned(); 3];
        assert!(matches!(Split::by_key(&one, 0.5, 1), Err(DataError::EmptySplit { examples: 3, .. })));
    }

    #[test]
    fn a_share_must_leave_both_sides_something() {
        let all = examples(&["a", "b"]);
        for share in [0.0, 1.0, -0.5, f64::NAN] {
            assert!(matches!(Split::by_fraction(&all, share, 1), Err(DataError::Share { .. })));
        }
        assert!(matches!(Split::by_fraction(&all, 0.1, 1), Err(DataError::EmptySplit { examples: 2, .. })));
    }

    #[test]
    fn duplicates_are_counted_and_the_first_are_listed() {
        let (train, dev) = (examples(&["a"; 3]), examples(&["b"; 8]));
        let found = Duplicates::between(&train, &dev);
        assert_eq!(found, Duplicates { count: 6, lines: vec![(1, 1), (2, 2), (3, 3), (1, 5), (2, 6)] });
        assert!(found.to_string().starts_with("6 texts of dev stand in train too: line 1 (train line 1), "));
        assert!(found.to_string().ends_with("line 6 (train line 2), ..."));
        assert_eq!(Duplicates::between(&train[..0], &dev).to_string(), "0 texts of dev stand in train too");
        let one = Duplicates::between(&train, &dev[..1]).to_string();
        assert_eq!(one, "1 text of dev stands in train too: line 1 (train line 1)");
    }
}
