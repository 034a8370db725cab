//! Values of scipy, within 1e-12: `golden/relatedness.json`, made by the script beside it; versions in the file.

use mtl_curriculum::relatedness::{
    entropy, jaccard, jensen_shannon, jensen_shannon_similarity, kurtosis, normalised_entropy,
    weighted_jaccard,
};
use serde::Deserialize;

const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Golden {
    labels: Vec<LabelCase>,
    pairs: Vec<PairCase>,
}

#[derive(Deserialize)]
struct LabelCase {
    counts: Vec<u64>,
    entropy: f64,
    normalised_entropy: f64,
    kurtosis: Option<f64>,
    kurtosis_of_shares: Option<f64>,
}

#[derive(Deserialize)]
struct PairCase {
    left: Vec<u64>,
    right: Vec<u64>,
    jensen_shannon: f64,
    jaccard: f64,
    weighted_jaccard: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/relatedness.json")).expect("the golden file is JSON")
}

/// Within the tolerance, relative to numbers above 1.
fn assert_close(got: f64, expected: f64, what: &str) {
    assert!(
        (got - expected).abs() <= TOLERANCE * expected.abs().max(1.0),
        "{what}: {got} against {expected}"
    );
}

#[test]
fn label_statistics_agree_with_scipy() {
    for (index, case) in golden().labels.iter().enumerate() {
        assert_close(entropy(&case.counts).unwrap(), case.entropy, &format!("entropy {index}"));
        let normalised = normalised_entropy(&case.counts).unwrap();
        assert_close(normalised, case.normalised_entropy, &format!("normalised {index}"));
        let total: u64 = case.counts.iter().sum();
        let scaled = |by: f64| case.counts.iter().map(|&count| count as f64 / by).collect::<Vec<_>>();
        for (by, expected) in [(1.0, case.kurtosis), (total as f64, case.kurtosis_of_shares)] {
            let got = kurtosis(&scaled(by));
            assert_eq!(got.is_some(), expected.is_some(), "kurtosis {index}");
            assert_close(got.unwrap_or_default(), expected.unwrap_or_default(), &format!("kurtosis {index}"));
        }
    }
}

#[test]
fn pairs_agree_with_scipy() {
    for (index, case) in golden().pairs.iter().enumerate() {
        let (left, right) = (&case.left, &case.right);
        let divergence = jensen_shannon(left, right).unwrap();
        assert_close(divergence, case.jensen_shannon, &format!("divergence {index}"));
        let similarity = 1.0 - case.jensen_shannon / std::f64::consts::LN_2;
        assert_close(jensen_shannon_similarity(left, right).unwrap(), similarity, "similarity");
        assert_close(jaccard(left, right).unwrap(), case.jaccard, &format!("jaccard {index}"));
        assert_close(
            weighted_jaccard(left, right).unwrap(),
            case.weighted_jaccard,
            &format!("weighted {index}"),
        );
    }
}
