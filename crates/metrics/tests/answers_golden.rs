//! Scores of decaNLP's and SuperGLUE's released scripts, within 1e-12: `golden/answers.json`, with their commits. The
//! script beside the file made it.

use mtl_metrics::{decanlp, superglue};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/answers.json")).expect("golden file is JSON")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn texts(value: &Value) -> Vec<&str> {
    array(value).iter().map(|text| text.as_str().expect("text")).collect()
}

fn sizes(value: &Value) -> Vec<usize> {
    array(value).iter().map(|size| size.as_u64().expect("a size") as usize).collect()
}

/// Compares with one number or a list of them, in units of `unit`.
fn assert_close(got: &[f64], expected: &Value, unit: f64, what: &str) {
    let expected = match expected {
        Value::Array(numbers) => numbers.as_slice(),
        number => std::slice::from_ref(number),
    };
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        let expected = expected.as_f64().expect("a number") * unit;
        assert!((got - expected).abs() <= 1e-12, "{what}: {got} against {expected}");
    }
}

const PERCENT: f64 = 0.01;

#[test]
fn answers_agree_with_decanlp_and_record() {
    for (index, case) in array(&golden()["answers"]).iter().enumerate() {
        let gold: Vec<Vec<&str>> = array(&case["gold"]).iter().map(texts).collect();
        let predicted = texts(&case["predicted"]);
        let check = |got: &[f64], key: &str, unit| {
            assert_close(got, &case[key], unit, &format!("{key} of case {index}"))
        };
        check(&[decanlp::normalised_f1(&gold, &predicted).unwrap()], "nf1", PERCENT);
        check(&[decanlp::normalised_exact_match(&gold, &predicted).unwrap()], "nem", PERCENT);
        check(&[decanlp::exact_match(&gold, &predicted).unwrap()], "em", PERCENT);
        let corpus = decanlp::corpus_f1(&gold, &predicted).unwrap();
        check(&[corpus.f1(), corpus.precision(), corpus.recall()], "cf1", PERCENT);
        let record = superglue::record(&gold, &predicted).unwrap();
        check(&[record.f1, record.exact_match], "record", 1.0);
    }
}

#[test]
fn dialogues_agree_with_decanlp() {
    for (index, case) in array(&golden()["dialogues"]).iter().enumerate() {
        let turns: Vec<Vec<&str>> = array(&case["turns"]).iter().map(texts).collect();
        let turns: Vec<decanlp::Turn> = turns
            .iter()
            .map(|turn| decanlp::Turn { dialogue: turn[0], gold: turn[1], predicted: turn[2] })
            .collect();
        let got = decanlp::dialogue(&turns).unwrap();
        let got = [got.joint_goal, got.turn_goal, got.turn_request];
        assert_close(&got, &case["scores"], PERCENT, &format!("dialogue {index}"));
    }
}

#[test]
fn answer_options_agree_with_the_benchmark_script() {
    for (index, case) in array(&golden()["multirc"]).iter().enumerate() {
        let questions: Vec<Vec<usize>> = array(&case["questions"]).iter().map(sizes).collect();
        let right = |side: &str| sizes(&case[side]).into_iter().map(|class| class == 1).collect::<Vec<_>>();
        let got = superglue::multirc(&questions, &right("gold"), &right("predicted")).unwrap();
        assert_close(&[got.f1a, got.exact_match], &case["scores"], 1.0, &format!("case {index}"));
    }
}

#[test]
fn the_mean_f1_of_three_classes_agrees_with_scikit_learn() {
    for (index, case) in array(&golden()["bank"]).iter().enumerate() {
        let got = superglue::commitment_bank(&sizes(&case["gold"]), &sizes(&case["predicted"])).unwrap();
        assert_close(&[got.f1], &case["f1"], 1.0, &format!("case {index}"));
    }
}
