//! Values of independent implementations, within 1e-12: `golden/squad.json` (SQuAD's official scripts) and
//! `golden/text.json` (sacreBLEU, rouge_score, NLTK; versions in the file). The scripts beside them made both.

use mtl_metrics::bleu::tokenize_13a;
use mtl_metrics::*;
use serde_json::Value;

const TOLERANCE: f64 = 1e-12;

fn squad() -> Value {
    serde_json::from_str(include_str!("golden/squad.json")).expect("golden file is JSON")
}

fn text() -> Value {
    serde_json::from_str(include_str!("golden/text.json")).expect("golden file is JSON")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn strings(value: &Value) -> Vec<String> {
    array(value).iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// The references and the predicted text of each example.
fn sides(case: &Value) -> (Vec<Vec<String>>, Vec<String>) {
    (array(&case["gold"]).iter().map(strings).collect(), strings(&case["predicted"]))
}

#[track_caller]
fn assert_close(got: f64, expected: f64, what: &str) {
    assert!((got - expected).abs() <= TOLERANCE, "{what}: {got} against {expected}");
}

/// A share against a percentage.
#[track_caller]
fn assert_percent(got: f64, expected: &Value, what: &str) {
    assert_close(got, number(expected) / 100.0, what);
}

#[test]
fn squad_1_agrees_with_the_official_script() {
    for (index, case) in array(&squad()["version_1"]).iter().enumerate() {
        let (gold, predicted) = sides(case);
        let found = squad_v1(&gold, &predicted).expect("a valid case");
        assert_percent(found.exact, &case["whole"]["exact_match"], &format!("exact match {index}"));
        assert_percent(found.f1, &case["whole"]["f1"], &format!("f1 {index}"));
    }
}

fn check_part(found: Option<SquadScore>, expected: &Value, prefix: &str, index: usize) {
    let value = |name: &str| &expected[format!("{prefix}{name}")];
    assert_eq!(found.is_none(), value("total").is_null(), "{prefix} {index}");
    if let Some(found) = found {
        assert_eq!(found.examples as u64, value("total").as_u64().expect("a count"), "{prefix} {index}");
        assert_percent(found.exact, value("exact"), &format!("{prefix}exact {index}"));
        assert_percent(found.f1, value("f1"), &format!("{prefix}f1 {index}"));
    }
}

fn check_report(found: &SquadV2Report, expected: &Value, index: usize) {
    check_part(Some(found.all), expected, "", index);
    check_part(found.has_answer, expected, "HasAns_", index);
    check_part(found.no_answer, expected, "NoAns_", index);
    for (name, best) in [("best_exact", found.best_exact), ("best_f1", found.best_f1)] {
        assert_eq!(best.is_none(), expected[name].is_null(), "{name} {index}");
        if let Some(best) = best {
            assert_percent(best.score, &expected[name], &format!("{name} {index}"));
            assert_eq!(best.threshold, number(&expected[format!("{name}_thresh")]), "{name} {index}");
        }
    }
}

#[test]
fn squad_2_agrees_with_the_official_script() {
    for (index, case) in array(&squad()["version_2"]).iter().enumerate() {
        let (gold, predicted) = sides(case);
        let plain = squad_v2(&gold, &predicted, None).expect("a valid case");
        check_report(&plain, &case["plain"], index);
        let probabilities: Vec<f64> = array(&case["probabilities"]).iter().map(number).collect();
        let no_answer = NoAnswer { probabilities: &probabilities, threshold: number(&case["threshold"]) };
        let withdrawn = squad_v2(&gold, &predicted, Some(no_answer)).expect("a valid case");
        check_report(&withdrawn, &case["with_threshold"], index);
    }
}

#[test]
fn tokens_are_those_of_sacrebleu() {
    for pair in array(&text()["tokens_13a"]) {
        let pair = strings(pair);
        assert_eq!(tokenize_13a(&pair[0]), pair[1], "{:?}", pair[0]);
    }
}

fn smoothing(row: &Value) -> Smoothing {
    match row["smoothing"].as_str().expect("a method") {
        "none" => Smoothing::None,
        "floor" => Smoothing::Floor(number(&row["value"])),
        "add-k" => Smoothing::AddK(number(&row["value"])),
        "exp" => Smoothing::Exp,
        other => panic!("unknown smoothing {other}"),
    }
}

fn check_bleu(gold: &[Vec<String>], predicted: &[String], row: &Value) {
    let flag = |name: &str| row[name].as_bool().expect("a flag");
    let options = BleuOptions {
        smoothing: smoothing(row),
        effective_order: flag("effective"),
        lowercase: flag("lowercase"),
    };
    let found = corpus_bleu(gold, predicted, options).expect("a valid case");
    assert_percent(found.bleu, &row["bleu"], &format!("bleu {options:?}"));
    assert_close(found.brevity_penalty, number(&row["brevity_penalty"]), "brevity penalty");
    assert_eq!(found.hypothesis_len as u64, row["hypothesis_len"].as_u64().expect("a length"));
    assert_eq!(found.reference_len as u64, row["reference_len"].as_u64().expect("a length"));
    for (found, expected) in found.precisions.iter().zip(array(&row["precisions"])) {
        assert_percent(*found, expected, &format!("precision {options:?}"));
    }
}

#[test]
fn bleu_agrees_with_sacrebleu() {
    for case in array(&text()["cases"]) {
        let (gold, predicted) = sides(case);
        for row in array(&case["bleu"]) {
            check_bleu(&gold, &predicted, row);
        }
    }
}

#[test]
fn rouge_agrees_with_rouge_score() {
    let kinds = [("rouge1", RougeKind::One), ("rouge2", RougeKind::Two), ("rougeL", RougeKind::L)];
    for (index, case) in array(&text()["cases"]).iter().enumerate() {
        let (gold, predicted) = sides(case);
        for (variant, stem) in [("plain", false), ("stemmed", true)] {
            for (name, kind) in kinds {
                let found = rouge_texts(kind, &gold, &predicted, stem).expect("a valid case");
                for (found, expected) in found.iter().zip(array(&case["rouge"][variant][name])) {
                    let what = format!("{variant} {name} of case {index}");
                    assert_close(found.precision, number(&expected[0]), &what);
                    assert_close(found.recall, number(&expected[1]), &what);
                    assert_close(found.f, number(&expected[2]), &what);
                }
            }
        }
    }
}

#[test]
fn stems_are_those_of_nltk() {
    for pair in array(&text()["stems"]) {
        let pair = strings(pair);
        assert_eq!(porter_stem(&pair[0]), pair[1], "{}", pair[0]);
    }
}
