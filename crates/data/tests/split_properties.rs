//! Laws of a split by a key.

use std::collections::{BTreeMap, BTreeSet};

use mtl_data::{DataError, Example, Label, Split, Text};
use proptest::prelude::*;

fn example((line, (class, _)): (usize, &(u8, u8))) -> Example {
    let label = if *class == 0 { Label::Missing } else { Label::Class(class.to_string()) };
    Example { text: Text::Single(line.to_string()), label, line }
}

/// Examples of up to three classes, or none, and keys.
fn rows() -> impl Strategy<Value = (Vec<Example>, Vec<String>)> {
    prop::collection::vec((0u8..4, 0u8..12), 2..80).prop_map(|rows| {
        let keys = rows.iter().map(|(_, key)| key.to_string()).collect();
        (rows.iter().enumerate().map(example).collect(), keys)
    })
}

/// How many of these examples have each class.
fn classes(examples: &[Example], indices: &[usize]) -> BTreeMap<String, f64> {
    let mut classes = BTreeMap::new();
    for &index in indices {
        *classes.entry(format!("{:?}", examples[index].label)).or_default() += 1.0;
    }
    classes
}

/// The split, unless the groups allow none.
fn split(examples: &[Example], keys: &[String], share: f64, seed: u64) -> Option<Split> {
    match Split::by_key(examples, keys, share, seed) {
        Err(DataError::EmptySplit { .. }) => None,
        split => Some(split.unwrap()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_key_stands_on_both_sides((examples, keys) in rows(), share in 0.01f64..0.99, seed: u64) {
        let Some(Split { train, dev }) = split(&examples, &keys, share, seed) else { return Ok(()) };
        let keys_of = |indices: &[usize]| indices.iter().map(|&i| &keys[i]).collect::<BTreeSet<_>>();
        prop_assert!(keys_of(&train).is_disjoint(&keys_of(&dev)));
        let mut all = [train, dev].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..examples.len()).collect::<Vec<_>>());
    }

    #[test]
    fn the_share_is_missed_by_at_most_half_of_the_largest_group(
        (examples, keys) in rows(), share in 0.01f64..0.99, seed: u64
    ) {
        let Some(Split { dev, .. }) = split(&examples, &keys, share, seed) else { return Ok(()) };
        let size = |key: &String| keys.iter().filter(|other| *other == key).count();
        let largest = keys.iter().map(size).max().unwrap() as f64;
        let missed = (dev.len() as f64 - share * keys.len() as f64).abs();
        prop_assert!(missed <= largest / 2.0 + 1e-9, "{} of groups of up to {}", missed, largest);
    }

    #[test]
    fn a_split_follows_from_its_seed((examples, keys) in rows(), share in 0.01f64..0.99, seed: u64) {
        prop_assert_eq!(split(&examples, &keys, share, seed), split(&examples, &keys, share, seed));
        // Names of keys are no more than names, as long as their order stays.
        let renamed: Vec<String> = keys.iter().map(|key| format!("document {key}")).collect();
        prop_assert_eq!(split(&examples, &keys, share, seed), split(&examples, &renamed, share, seed));
    }

    #[test]
    fn where_each_example_has_its_own_key_each_class_gets_its_share(
        (examples, _) in rows(), share in 0.01f64..0.99, seed: u64
    ) {
        let keys: Vec<String> = (0..examples.len()).map(|index| index.to_string()).collect();
        let Some(Split { dev, .. }) = split(&examples, &keys, share, seed) else { return Ok(()) };
        let held_out = classes(&examples, &dev);
        for (class, count) in classes(&examples, &(0..examples.len()).collect::<Vec<_>>()) {
            let got = held_out.get(&class).copied().unwrap_or(0.0);
            prop_assert!((got - share * count).abs() < 1.0 + 1e-9, "{} of {} of {}", got, count, class);
        }
    }
}
