//! Counts of udtools, which keeps the evaluation of the CoNLL 2018 shared task: `golden/conll18.json`, whole numbers,
//! equal. The script beside the file made it.

use mtl_metrics::conll18::{Treebank, evaluate};
use serde_json::Value;

fn count(value: &Value) -> Option<usize> {
    value.as_u64().map(|count| count as usize)
}

#[test]
fn counts_agree_with_udtools() {
    let golden: Value =
        serde_json::from_str(include_str!("golden/conll18.json")).expect("golden file is JSON");
    let cases = golden["cases"].as_array().expect("cases");
    assert!(cases.len() > 30);
    for (index, case) in cases.iter().enumerate() {
        let read = |side: &str| Treebank::read(case[side].as_str().expect("text")).expect("a valid file");
        let evaluation = evaluate(&read("gold"), &read("predicted")).expect("the same text");
        for (name, score) in evaluation.rows() {
            let got = [Some(score.gold), Some(score.predicted), Some(score.correct), score.aligned];
            let expected: Vec<_> = case["scores"][name].as_array().expect(name).iter().map(count).collect();
            assert_eq!(got.as_slice(), expected, "{name} of case {index}");
        }
    }
}
