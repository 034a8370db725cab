//! Values of scipy and statsmodels (versions in `golden/significance.json`, made by `golden/make_significance.py`), and
//! bootstraps whose resamples were scored by scikit-learn, scipy and seqeval.

use mtl_metrics::significance::power::{Plan, paired_t_power, pairs_needed};
use mtl_metrics::significance::t_test::paired_t_interval;
use mtl_metrics::significance::*;
use mtl_metrics::{MetricKey, Outcomes};
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    let golden: Value =
        serde_json::from_str(include_str!("golden/significance.json")).expect("golden file is JSON");
    array(&golden[name]).to_vec()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn numbers(value: &Value) -> Vec<f64> {
    array(value).iter().map(number).collect()
}

fn size(value: &Value) -> u64 {
    value.as_u64().expect("a size")
}

fn indices(value: &Value) -> Vec<usize> {
    array(value).iter().map(|index| size(index) as usize).collect()
}

fn tags(value: &Value) -> Vec<Vec<Option<usize>>> {
    array(value).iter().map(|words| indices(words).into_iter().map(Some).collect()).collect()
}

/// Equal to a relative 1e-9 (quantiles and tails come from iterations on both sides), and to 1e-12 near 0.
fn assert_close(got: f64, expected: &Value, what: &str) {
    let expected = number(expected);
    let tolerance = 1e-12_f64.max(1e-9 * expected.abs());
    assert!((got - expected).abs() <= tolerance, "{what}: {got} against {expected}");
}

fn assert_interval(got: Interval, expected: &Value, what: &str) {
    assert_close(got.low, &expected[0], what);
    assert_close(got.high, &expected[1], what);
}

#[test]
fn t_tests_agree_with_scipy() {
    for case in cases("paired_t") {
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        let test = paired_t(&first, &second).expect("a valid case");
        assert_close(test.statistic, &case["statistic"], "paired t");
        assert_close(test.p, &case["p"], "its p");
        let interval = paired_t_interval(&first, &second, 0.95).expect("a valid case");
        assert_interval(interval, &case["interval"], "its interval");
    }
    for case in cases("welch") {
        let test = welch_t(&numbers(&case["first"]), &numbers(&case["second"])).expect("a valid case");
        assert_close(test.statistic, &case["statistic"], "Welch t");
        assert_close(test.degrees_of_freedom, &case["degrees_of_freedom"], "its degrees of freedom");
        assert_close(test.p, &case["p"], "its p");
    }
}

#[test]
fn permutations_agree_with_scipy() {
    for case in cases("paired_t") {
        let pairs = numbers(&case["second"]).into_iter().zip(numbers(&case["first"]));
        let differences: Vec<f64> = pairs.map(|(second, first)| second - first).collect();
        let test = sign_flip_test(&differences, &PermutationOptions::default()).expect("a valid case");
        assert!(test.exact);
        assert_close(test.p, &case["permutation_p"], "permutation p");
    }
}

#[test]
fn intervals_agree_with_scipy_and_statsmodels() {
    for case in cases("mean") {
        let interval = mean_interval(&numbers(&case["values"]), number(&case["confidence"]));
        assert_interval(interval.expect("a valid case"), &case["interval"], "mean");
    }
    for case in cases("wilson") {
        let (successes, trials) = (size(&case["successes"]), size(&case["trials"]));
        let interval = wilson_interval(successes, trials, number(&case["confidence"]));
        assert_interval(interval.expect("a valid case"), &case["interval"], "Wilson");
    }
}

#[test]
fn mcnemar_agrees_with_statsmodels() {
    for case in cases("mcnemar") {
        let test = Mcnemar::of_counts(size(&case["only_first"]), size(&case["only_second"]));
        assert_close(test.exact_p, &case["exact_p"], "exact p");
        assert_close(test.corrected_statistic, &case["statistic"], "corrected χ²");
        assert_close(test.corrected_p, &case["p"], "its p");
    }
}

#[test]
fn adjusted_p_values_agree_with_statsmodels() {
    for case in cases("adjust") {
        let p_values = numbers(&case["p"]);
        for (name, adjusted) in
            [("holm", holm(&p_values)), ("benjamini_hochberg", benjamini_hochberg(&p_values))]
        {
            for (got, expected) in adjusted.expect("a valid case").into_iter().zip(array(&case[name])) {
                assert_close(got, expected, name);
            }
        }
    }
}

#[test]
fn power_agrees_with_statsmodels() {
    for case in cases("power") {
        let (effect, n, level) = (number(&case["effect"]), size(&case["n"]), number(&case["level"]));
        let power = paired_t_power(effect, n, level).expect("a valid case");
        let expected = number(&case["power"]);
        assert!((power - expected).abs() < 1e-8, "{effect} {n} {level}: {power} against {expected}");
    }
    for case in cases("sample_size") {
        let plan = Plan { power: number(&case["power"]), ..Plan::default() };
        let n = pairs_needed(number(&case["effect"]), 1.0, &plan).expect("a valid case");
        assert_eq!(n, Some(size(&case["n"])), "{case}");
    }
}

#[test]
fn bootstraps_agree_with_resamples_scored_elsewhere() {
    for case in cases("bootstrap") {
        let key: MetricKey = case["metric"].as_str().expect("a metric").parse().expect("a known metric");
        let systems = ["first", "second"].map(|name| of_case(key, &case, name));
        let how = Bootstrap {
            resamples: size(&case["resamples"]) as usize,
            confidence: 0.9,
            seed: size(&case["seed"]),
        };
        let test = paired_bootstrap(&[(&*systems[0], &*systems[1])], &how).expect("a valid case");
        let what = format!("{key} of {}", case["kind"]);
        assert_close(test.difference, &case["difference"], &what);
        assert_close(test.standard_error, &case["standard_error"], &what);
        assert_interval(test.interval, &case["interval"], &what);
    }
}

fn of_case(key: MetricKey, case: &Value, predicted: &str) -> Box<dyn Resampled> {
    let (gold, predicted) = (&case["gold"], &case[predicted]);
    let made = match case["kind"].as_str().expect("a kind") {
        "classes" => {
            let n_classes = size(&case["n_classes"]) as usize;
            let (gold, predicted) = (indices(gold), indices(predicted));
            resampled(key, &Outcomes::Classes { gold: &gold, predicted: &predicted, n_classes })
        }
        "values" => {
            let (gold, predicted) = (numbers(gold), numbers(predicted));
            resampled(key, &Outcomes::Values { gold: &gold, predicted: &predicted })
        }
        _ => {
            let text = |label: &Value| label.as_str().expect("a label").to_owned();
            let labels: Vec<String> = array(&case["labels"]).iter().map(text).collect();
            let (gold, predicted) = (tags(gold), tags(predicted));
            resampled(key, &Outcomes::Tags { gold: &gold, predicted: &predicted, labels: &labels })
        }
    };
    made.expect("a valid case")
}
