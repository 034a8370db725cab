//! Values of independent libraries, within 1e-12: `golden/metrics.json` (scikit-learn, scipy, seqeval; versions in the
//! file) and `golden/conlleval.json` (the script's printed reports). The scripts beside them made both.

use mtl_metrics::{InvalidBio, MetricKey, Outcomes, average_ranks, conlleval, score};
use mtl_metrics::{span_f1, strict_span_f1, strict_spans};
use serde_json::Value;

const TOLERANCE: f64 = 1e-12;

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("golden file is JSON")
}

fn metrics() -> Value {
    read(include_str!("golden/metrics.json"))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn indices(value: &Value) -> Vec<usize> {
    array(value).iter().map(|index| index.as_u64().expect("an index") as usize).collect()
}

fn sets(value: &Value) -> Vec<Vec<usize>> {
    array(value).iter().map(indices).collect()
}

fn tags(value: &Value) -> Vec<Vec<Option<usize>>> {
    sets(value).into_iter().map(|words| words.into_iter().map(Some).collect()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    array(value).iter().map(|number| number.as_f64().expect("a number")).collect()
}

fn size(value: &Value) -> usize {
    value.as_u64().expect("a size") as usize
}

fn assert_close(got: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().expect("a number");
    assert!((got - expected).abs() <= TOLERANCE, "{what}: {got} against {expected}");
}

/// Checks every metric whose key the case has a value for, and that the case has one.
fn check_scores(case: &Value, outcomes: &Outcomes, what: &str) {
    let present = MetricKey::ALL.into_iter().filter(|key| case.get(key.name()).is_some());
    let keys: Vec<MetricKey> = present.collect();
    assert!(keys.len() >= 2, "{what} checks {} metrics", keys.len());
    for key in keys {
        let got = score(key, outcomes).expect("a valid case");
        assert_close(got, &case[key.name()], &format!("{key} of {what}"));
    }
}

#[test]
fn classes_agree_with_scikit_learn() {
    for (index, case) in array(&metrics()["classes"]).iter().enumerate() {
        let (gold, predicted) = (indices(&case["gold"]), indices(&case["predicted"]));
        let n_classes = size(&case["n_classes"]);
        let outcomes = Outcomes::Classes { gold: &gold, predicted: &predicted, n_classes };
        check_scores(case, &outcomes, &format!("classes {index}"));
    }
}

#[test]
fn label_sets_agree_with_scikit_learn() {
    for (index, case) in array(&metrics()["label_sets"]).iter().enumerate() {
        let (gold, predicted) = (sets(&case["gold"]), sets(&case["predicted"]));
        let n_labels = size(&case["n_labels"]);
        let outcomes = Outcomes::LabelSets { gold: &gold, predicted: &predicted, n_labels };
        check_scores(case, &outcomes, &format!("label sets {index}"));
    }
}

#[test]
fn values_agree_with_scipy() {
    for (index, case) in array(&metrics()["values"]).iter().enumerate() {
        let (gold, predicted) = (numbers(&case["gold"]), numbers(&case["predicted"]));
        let outcomes = Outcomes::Values { gold: &gold, predicted: &predicted };
        check_scores(case, &outcomes, &format!("values {index}"));
        assert_eq!(average_ranks(&gold), numbers(&case["gold_ranks"]), "ranks {index}");
    }
}

#[test]
fn probabilities_agree_with_scikit_learn() {
    for (index, case) in array(&metrics()["probabilities"]).iter().enumerate() {
        let (gold, probabilities) = (indices(&case["gold"]), numbers(&case["probabilities"]));
        let n_classes = size(&case["n_classes"]);
        let outcomes = Outcomes::Probabilities { gold: &gold, probabilities: &probabilities, n_classes };
        for key in
            MetricKey::applicable_to(outcomes.kind()).iter().filter(|key| case.get(key.name()).is_some())
        {
            let got = score(*key, &outcomes).expect("a valid case");
            assert_close(got, &case[key.name()], &format!("{key} of probabilities {index}"));
        }
    }
}

#[test]
fn repaired_tags_are_read_as_seqeval_reads_invalid_ones() {
    let golden = metrics();
    let text = |label: &Value| label.as_str().expect("a label").to_owned();
    let labels: Vec<String> = array(&golden["tag_labels"]).iter().map(text).collect();
    let mut repaired = 0;
    for (index, case) in array(&golden["tags"]).iter().enumerate() {
        let side = |side: &str| {
            let words = |words: Vec<usize>| words.into_iter().map(|label| labels[label].clone()).collect();
            let sentences: Vec<Vec<String>> = sets(&case[side]).into_iter().map(words).collect();
            InvalidBio::Repair.apply(&sentences).expect("tags are B, I and O")
        };
        let (gold, predicted) = (side("gold"), side("predicted"));
        repaired += gold.repaired + predicted.repaired;
        let words = |(gold, predicted): (Vec<String>, Vec<String>)| gold.into_iter().zip(predicted).collect();
        let pairs: Vec<Vec<_>> = gold.sentences.into_iter().zip(predicted.sentences).map(words).collect();
        assert_close(strict_spans(&pairs).f1(), &case["span_f1"], &format!("repaired {index}"));
    }
    assert!(repaired > 100, "only {repaired} repaired");
}

#[test]
fn tags_agree_with_scikit_learn_and_seqeval() {
    let golden = metrics();
    let text = |label: &Value| label.as_str().expect("a label").to_owned();
    let labels: Vec<String> = array(&golden["tag_labels"]).iter().map(text).collect();
    for (index, case) in array(&golden["tags"]).iter().enumerate() {
        let (gold, predicted) = (tags(&case["gold"]), tags(&case["predicted"]));
        let outcomes = Outcomes::Tags { gold: &gold, predicted: &predicted, labels: &labels };
        check_scores(case, &outcomes, &format!("tags {index}"));
        let lenient = span_f1(&gold, &predicted, &labels).expect("a valid case");
        assert_close(lenient, &case["span_f1"], &format!("span_f1 {index}"));
        let strict = strict_span_f1(&gold, &predicted, &labels).expect("a valid case");
        assert_close(strict, &case["strict_span_f1"], &format!("strict_span_f1 {index}"));
    }
}

#[test]
fn reports_are_the_scripts_to_the_letter() {
    let golden = read(include_str!("golden/conlleval.json"));
    for (index, case) in array(&golden["cases"]).iter().enumerate() {
        let words = |(gold, predicted): (&Value, &Value)| {
            let text = |tag: &Value| tag.as_str().expect("a tag").to_owned();
            array(gold).iter().map(text).zip(array(predicted).iter().map(text)).collect()
        };
        let sentences = array(&case["gold"]).iter().zip(array(&case["predicted"]));
        let sentences: Vec<Vec<(String, String)>> = sentences.map(words).collect();
        let expected = case["report"].as_str().expect("a report");
        assert_eq!(conlleval(&sentences).to_string(), expected, "case {index}");
    }
}
