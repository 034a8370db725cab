//! Laws of label statistics and of comparisons of vocabularies.

use std::f64::consts::LN_2;

use mtl_curriculum::relatedness::{
    entropy, jaccard, jensen_shannon, jensen_shannon_similarity, kurtosis, normalised_entropy,
    weighted_jaccard,
};
use proptest::prelude::*;

const ROUNDING: f64 = 1e-9;

fn counts() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(0_u64..1000, 1..40)
        .prop_filter("something is counted", |counts| counts.iter().any(|&count| count > 0))
}

/// Counts of the same items on two sides.
fn pairs() -> impl Strategy<Value = (Vec<u64>, Vec<u64>)> {
    proptest::collection::vec((0_u64..50, 0_u64..50), 1..40)
        .prop_map(|pairs| pairs.into_iter().unzip())
        .prop_filter("something is counted on both sides", |(left, right): &(Vec<u64>, Vec<u64>)| {
            left.iter().any(|&l| l > 0) && right.iter().any(|&r| r > 0)
        })
}

fn numbers(counts: &[u64]) -> Vec<f64> {
    counts.iter().map(|&count| count as f64).collect()
}

type OfTwo = fn(&[u64], &[u64]) -> Result<f64, mtl_curriculum::CurriculumError>;

const SIMILARITIES: [OfTwo; 3] = [jaccard, weighted_jaccard, jensen_shannon_similarity];

proptest! {
    #[test]
    fn entropy_is_zero_for_one_label(count in 1_u64..1_000_000, others in 0_usize..20, place in 0_usize..20) {
        let mut counts = vec![0; others + 1];
        counts[place % (others + 1)] = count;
        prop_assert_eq!(entropy(&counts), Ok(0.0));
        prop_assert_eq!(normalised_entropy(&counts), Ok(0.0));
        prop_assert!(kurtosis(&numbers(&counts)).is_none() == (others == 0));
    }

    #[test]
    fn entropy_is_greatest_for_equal_counts(count in 1_u64..1000, labels in 2_usize..100, counts in counts()) {
        let uniform = vec![count; labels];
        prop_assert!((entropy(&uniform).unwrap() - (labels as f64).ln()).abs() < ROUNDING);
        prop_assert!((normalised_entropy(&uniform).unwrap() - 1.0).abs() < ROUNDING);
        prop_assert!(entropy(&counts).unwrap() <= (counts.len() as f64).ln() + ROUNDING);
        prop_assert!((0.0..=1.0).contains(&normalised_entropy(&counts).unwrap()));
    }

    #[test]
    fn label_statistics_ignore_order_and_size(counts in counts(), times in 1_u64..100) {
        let mut other: Vec<u64> = counts.iter().map(|&count| count * times).collect();
        other.reverse();
        prop_assert!((entropy(&counts).unwrap() - entropy(&other).unwrap()).abs() < ROUNDING);
        match (kurtosis(&numbers(&counts)), kurtosis(&numbers(&other))) {
            (Some(first), Some(second)) => prop_assert!((first - second).abs() < 1e-7 * first.abs().max(1.0)),
            (first, second) => prop_assert_eq!(first.is_some(), second.is_some()),
        }
    }

    #[test]
    fn entropy_of_merged_labels_is_not_greater(counts in counts()) {
        let merged: Vec<u64> = counts.chunks(2).map(|pair| pair.iter().sum()).collect();
        prop_assert!(entropy(&merged).unwrap() <= entropy(&counts).unwrap() + ROUNDING);
    }

    #[test]
    fn kurtosis_lies_between_its_bounds(counts in counts()) {
        // m4 / m2^2 is at least 1, and with K values at most K - 2 + 1/(K - 1).
        if let Some(kurtosis) = kurtosis(&numbers(&counts)) {
            let labels = counts.len() as f64;
            let most = labels - 2.0 + 1.0 / (labels - 1.0) - 3.0;
            prop_assert!((-2.0 - ROUNDING..=most + ROUNDING).contains(&kurtosis), "{} of {}", kurtosis, labels);
        }
    }

    #[test]
    fn similarities_lie_between_zero_and_one((left, right) in pairs()) {
        for of_two in SIMILARITIES {
            prop_assert!((0.0..=1.0).contains(&of_two(&left, &right).unwrap()));
        }
        prop_assert!((0.0..=LN_2).contains(&jensen_shannon(&left, &right).unwrap()));
    }

    #[test]
    fn similarities_are_symmetric((left, right) in pairs()) {
        for of_two in SIMILARITIES {
            let (there, back) = (of_two(&left, &right).unwrap(), of_two(&right, &left).unwrap());
            prop_assert!((there - back).abs() < ROUNDING);
        }
    }

    #[test]
    fn a_distribution_is_as_similar_as_can_be_to_itself(counts in counts(), times in 1_u64..100) {
        let other: Vec<u64> = counts.iter().map(|&count| count * times).collect();
        for of_two in SIMILARITIES {
            prop_assert!((of_two(&counts, &other).unwrap() - 1.0).abs() < ROUNDING);
        }
    }

    #[test]
    fn nothing_shared_is_no_similarity(left in counts(), right in counts()) {
        let apart = |before: usize, counts: &[u64], after: usize| [vec![0; before], counts.to_vec(), vec![0; after]].concat();
        let (left, right) = (apart(0, &left, right.len()), apart(left.len(), &right, 0));
        for of_two in SIMILARITIES {
            prop_assert!(of_two(&left, &right).unwrap().abs() < ROUNDING);
        }
    }

    #[test]
    fn the_root_of_jensen_shannon_obeys_the_triangle(
        triples in proptest::collection::vec((1_u64..50, 1_u64..50, 1_u64..50), 1..20)
    ) {
        let side = |of: fn(&(u64, u64, u64)) -> u64| triples.iter().map(of).collect::<Vec<u64>>();
        let (a, b, c) = (side(|t| t.0), side(|t| t.1), side(|t| t.2));
        let distance = |left: &[u64], right: &[u64]| jensen_shannon(left, right).unwrap().sqrt();
        prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c) + ROUNDING);
    }
}
