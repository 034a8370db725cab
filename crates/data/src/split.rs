//! Dividing examples into train and dev, and finding texts that stand on both sides.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::fmt;

use mtl_base::Draws;

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
            strata.entry(class_of(example)).or_default().push(index);
        }
        let mut strata: Vec<Vec<usize>> = strata.into_values().collect();
        let sizes: Vec<usize> = strata.iter().map(Vec::len).collect();
        let held_out = apportion(&sizes, share);
        let (mut dev, draws) = (Vec::new(), Draws::from_key(seed));
        for (stratum, count) in strata.iter_mut().zip(held_out) {
            stratum.sort_by_key(|index| (draws.bits(*index as u64), *index));
            dev.extend(&stratum[..count]);
        }
        Self::holding_out(dev, examples.len(), share)
    }

    /// Holds out whole groups, as `share` of the examples: examples with equal keys stay together.
    ///
    /// Examples with a class are stratified as far as groups allow. Of the groups that bring the number of dev
    /// examples nearer to its share, the next is the one of which the least part goes beyond the shares of its
    /// classes; among equals, `seed` decides. So the number of dev examples misses its share by at most half of
    /// the largest group, and where each example has a key of its own, each class misses its share by less than
    /// one example.
    ///
    /// # Shapes
    ///
    /// `keys`: (examples,)
    ///
    /// Errors unless `0 < share < 1`, there is a key for each example, and both sides get at least one group.
    pub fn by_key(examples: &[Example], keys: &[String], share: f64, seed: u64) -> Result<Self, DataError> {
        check_share(share)?;
        if keys.len() != examples.len() {
            return Err(DataError::KeyCount { examples: examples.len(), keys: keys.len() });
        }
        let (mut groups, mut dev) = (Groups::new(examples, keys, share), Vec::new());
        let draws = Draws::from_key(seed);
        let target = share * keys.len() as f64;
        let waiting = |(group, members): (usize, &Group)| Waiting {
            beyond: groups.beyond(group),
            draw: draws.bits(members.examples[0] as u64),
            group,
        };
        let mut queue: BinaryHeap<Waiting> = groups.all.iter().enumerate().map(waiting).collect();
        while let Some(next) = queue.pop() {
            let (missing, size) = (target - dev.len() as f64, groups.all[next.group].examples.len() as f64);
            // Nearer than before; as what is missing only shrinks, a group that is too large stays so.
            if (missing - size).abs() >= missing.abs() {
                continue;
            }
            // What goes beyond only grows, so a group that is still the least of all is the one to take.
            let beyond = groups.beyond(next.group);
            if beyond > next.beyond {
                queue.push(Waiting { beyond, ..next });
            } else {
                dev.extend(groups.take(next.group));
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

/// Examples that stay together.
struct Group {
    /// In increasing order.
    examples: Vec<usize>,
    /// Each class that occurs, or what has none, with how many of the examples have it.
    classes: Vec<(usize, usize)>,
}

/// All groups, and how far each class is held out so far.
struct Groups {
    all: Vec<Group>,
    /// How many examples of each class shall be held out. `(classes,)`
    targets: Vec<f64>,
    /// How many are. `(classes,)`
    held_out: Vec<usize>,
}

impl Groups {
    fn new(examples: &[Example], keys: &[String], share: f64) -> Self {
        let names: BTreeSet<Option<&str>> = examples.iter().map(class_of).collect();
        let numbers: BTreeMap<Option<&str>, usize> = names.into_iter().zip(0..).collect();
        let mut targets = vec![0.0; numbers.len()];
        let mut groups: BTreeMap<&str, (Vec<usize>, BTreeMap<usize, usize>)> = BTreeMap::new();
        for (index, (example, key)) in examples.iter().zip(keys).enumerate() {
            let class = numbers[&class_of(example)];
            targets[class] += share;
            let (members, classes) = groups.entry(key).or_default();
            members.push(index);
            *classes.entry(class).or_default() += 1;
        }
        let group = |(examples, classes): (Vec<usize>, BTreeMap<usize, usize>)| Group {
            examples,
            classes: classes.into_iter().collect(),
        };
        let held_out = vec![0; targets.len()];
        Groups { all: groups.into_values().map(group).collect(), targets, held_out }
    }

    /// The part of a group, from 0 to 1, that would go beyond the shares of its classes.
    fn beyond(&self, group: usize) -> f64 {
        let Group { examples, classes } = &self.all[group];
        let of_class = |&(class, count): &(usize, usize)| {
            let room = (self.targets[class] - self.held_out[class] as f64).max(0.0);
            (count as f64 - room).max(0.0)
        };
        classes.iter().map(of_class).sum::<f64>() / examples.len() as f64
    }

    /// Holds a group out.
    fn take(&mut self, group: usize) -> &[usize] {
        let Group { examples, classes } = &self.all[group];
        classes.iter().for_each(|&(class, count)| self.held_out[class] += count);
        examples
    }
}

/// A group that may still be held out. The greatest is the next: of the least part beyond, then of the least
/// draw.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    beyond: f64,
    draw: u64,
    group: usize,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.beyond.total_cmp(&other.beyond);
        order.then(self.draw.cmp(&other.draw)).then(self.group.cmp(&other.group)).reverse()
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

/// What examples are stratified by: their class, if they have one.
fn class_of(example: &Example) -> Option<&str> {
    match &example.label {
        Label::Class(name) => Some(name),
        _ => None,
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
        let mut seen: HashMap<&Text, usize> = HashMap::with_capacity(train.len());
        for example in train {
            seen.entry(&example.text).or_insert(example.line);
        }
        dev.iter().filter_map(|example| seen.get(&example.text).map(|line| (*line, example.line))).collect()
    }
}

/// From the lines of each text that stands in both sets: in the first, in the second.
impl FromIterator<(usize, usize)> for Duplicates {
    fn from_iter<I: IntoIterator<Item = (usize, usize)>>(found: I) -> Self {
        found.into_iter().fold(Self::default(), |mut all, lines| {
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
    fn splits_of_a_seed_stay_as_they_are() {
        let all = examples(&["a", "b", "a", "b", "a", "b", "a", "b", "a", "a"]);
        let keys: Vec<String> = (0..10).map(|index| format!("{}", index / 2)).collect();
        assert_eq!(Split::by_fraction(&all, 0.5, 7).unwrap().dev, [0, 1, 5, 8, 9]);
        assert_eq!(Split::by_key(&all, &keys, 0.5, 7).unwrap().dev, [0, 1, 8, 9]);
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
    fn groups_stay_together_and_the_classes_of_dev_are_those_of_all() {
        // Groups of two; a group of the common class, one of the rare one, and so on.
        let all = examples(&["a", "a", "a", "a", "b", "b", "a", "a", "b", "b", "a", "a"]);
        let keys: Vec<String> = (0..12).map(|index| format!("d{}", index / 2)).collect();
        let split = Split::by_key(&all, &keys, 0.5, 1).unwrap();
        let classes = |indices: &[usize]| indices.iter().filter(|i| all[**i].label == all[0].label).count();
        assert_eq!((split.dev.len(), classes(&split.dev)), (6, 4));
        assert!(split.train.iter().all(|a| split.dev.iter().all(|b| keys[*a] != keys[*b])));
    }

    #[test]
    fn a_key_for_each_example_and_two_groups_are_needed() {
        let all = examples(&["a", "b", "a"]);
        let one = vec!["x".to_owned(); 3];
        assert!(matches!(Split::by_key(&all, &one, 0.5, 1), Err(DataError::EmptySplit { examples: 3, .. })));
        let error = Split::by_key(&all, &one[..2], 0.5, 1).unwrap_err();
        assert_eq!(error.to_string(), "a split by a key needs a key for each of 3 examples, got 2");
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
