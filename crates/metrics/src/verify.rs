//! Fixed values: each method's published or hand-derived number beside what this crate computes.
//!
//! Values that need a file are compared elsewhere (golden tests, `cargo xtask conformance`).

use crate::aggregate::Aggregate;
use crate::conll18::{Treebank, evaluate};
use crate::decanlp;
use crate::key::{Direction, MetricKey};
use crate::selection::{WeightedMetric, normalised_means};
use crate::summary::{Comparison, mean_ranks, relative_gain, standard_deviation};
use crate::superglue;

/// What is told of each fixed value: method, source, expected, got, tolerance (absolute, per number).
type Check<'a> = &'a mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64);

/// Where a value follows from the definition in a line or two.
const BY_HAND: &str = "by hand";

/// Exact but for the rounding of the last digits.
const EXACT: f64 = 1e-12;

/// Computes every fixed value and calls `check` with (method, source, expected, got, tolerance), in a fixed order.
///
/// A value holds if both sides have the same length and no number differs by more than the tolerance.
pub fn verify(check: &mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64)) {
    classes(check);
    values(check);
    spans(check);
    parses(check);
    answers(check);
    superglue(check);
    aggregates(check);
    summaries(check);
}

/// The value, or NaN, which no expected number is near to.
fn got<E>(value: Result<f64, E>) -> f64 {
    value.unwrap_or(f64::NAN)
}

fn classes(check: Check) {
    let (gold, predicted) = ([0, 0, 1, 1, 2], [0, 1, 1, 1, 0]);
    check("accuracy", BY_HAND, &[0.6], &[got(crate::accuracy(&gold, &predicted))], EXACT);
    let f1s = [crate::micro_f1(&gold, &predicted, 3), crate::macro_f1(&gold, &predicted, 3)];
    check("micro and macro F1", BY_HAND, &[0.6, 1.3 / 3.0], &f1s.map(got), EXACT);
    let (gold, predicted) = ([1, 1, 1, 0, 0], [1, 1, 0, 1, 0]);
    check("binary F1", BY_HAND, &[2.0 / 3.0], &[got(crate::binary_f1(&gold, &predicted))], EXACT);
    let matthews = got(crate::matthews(&gold, &predicted, 2));
    check("Matthews correlation", BY_HAND, &[1.0 / 6.0], &[matthews], EXACT);
}

fn values(check: Check) {
    let (gold, predicted) = ([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0]);
    check("Pearson correlation", BY_HAND, &[0.8], &[got(crate::pearson(&gold, &predicted))], EXACT);
    let cubes = predicted.map(|value: f64| value.powi(3));
    check("Spearman correlation", BY_HAND, &[0.8], &[got(crate::spearman(&gold, &cubes))], EXACT);
}

fn spans(check: Check) {
    let labels = ["B-ORG", "I-ORG"];
    let (gold, predicted) = ([vec![Some(0), Some(1)]], [vec![Some(1), Some(1)]]);
    let lenient = got(crate::span_f1(&gold, &predicted, &labels));
    check("span F1 of B-ORG I-ORG, I-ORG I-ORG", "conlleval", &[1.0], &[lenient], 0.0);
    let strict = got(crate::strict_span_f1(&gold, &predicted, &labels));
    check("strict span F1 of the same", "seqeval, IOB2", &[0.0], &[strict], 0.0);
}

/// Four words of which `the` has a wrong feature, so that `cats` is wrong in MLAS alone.
fn parses(check: Check) {
    let gold = "1\tthe\tthe\tDET\t_\tDefinite=Def\t2\tdet\t_\t_\n\
                2\tcats\tcat\tNOUN\t_\tNumber=Plur\t3\tnsubj\t_\t_\n\
                3\tran\trun\tVERB\t_\tTense=Past\t0\troot\t_\t_\n\
                4\t.\t.\tPUNCT\t_\t_\t3\tpunct\t_\t_\n\n";
    let predicted = gold.replace("Definite=Def", "Definite=Ind").replace("3\tpunct", "2\tpunct");
    let scores = || {
        let evaluation = evaluate(&Treebank::read(gold)?, &Treebank::read(&predicted)?)?;
        let scores = [evaluation.uas, evaluation.las, evaluation.clas, evaluation.mlas, evaluation.blex];
        Ok::<_, crate::conll18::Conll18Error>(scores.map(|score| score.f1()))
    };
    let found = scores().unwrap_or([f64::NAN; 5]);
    check("UAS, LAS, CLAS, MLAS, BLEX", BY_HAND, &[0.75, 0.75, 1.0, 0.5, 1.0], &found, EXACT);
    let (gold, predicted) = ([vec![(2, "det"), (0, "root")]], [vec![Some((2, "amod")), Some((0, "root"))]]);
    let arcs = crate::attachment(&gold, &predicted).unwrap_or_default();
    check("UAS, LAS of arcs", BY_HAND, &[1.0, 0.5], &[arcs.uas.f1(), arcs.las.f1()], EXACT);
}

fn answers(check: Check) {
    let gold = [vec!["the red car"], vec!["blue"]];
    let predicted = ["Red car!", "a big blue sky"];
    let scores =
        [decanlp::normalised_f1(&gold, &predicted), decanlp::normalised_exact_match(&gold, &predicted)];
    check("normalised F1 and exact match", BY_HAND, &[0.75, 0.5], &scores.map(got), EXACT);
    let gold = [vec!["unanswerable"], vec!["Ann and Bob"], vec!["Paris"]];
    let corpus = decanlp::corpus_f1(&gold, &["Rome", "bob, ann", "unanswerable"]);
    check("corpus-level F1", BY_HAND, &[0.5], &[got(corpus.map(|counts| counts.f1()))], EXACT);
    let queries = ["SELECT a FROM table", "SELECT b FROM table"];
    let forms = decanlp::logical_form_exact_match(&queries, &["select a  from table"; 2]);
    check("logical-form exact match", BY_HAND, &[0.5], &[got(forms)], EXACT);
    let turn = |gold, predicted| decanlp::Turn { dialogue: "1", gold, predicted };
    let turns = [turn("food: thai; phone", "food: thai;"), turn("area: north;", "area: south;")];
    let dialogue = decanlp::dialogue(&turns);
    let found = dialogue.map_or([f64::NAN; 3], |d| [d.joint_goal, d.turn_goal, d.turn_request]);
    check("dialogue: joint goal, turn goal, turn request", BY_HAND, &[0.5, 0.5, 0.5], &found, EXACT);
}

fn superglue(check: Check) {
    let options = superglue::multirc(&[1, 1, 2, 3], &[true, false, false, true], &[true, true, false, true]);
    let found = options.map_or([f64::NAN; 2], |scores| [scores.f1a, scores.exact_match]);
    check("MultiRC: F1a, exact match", BY_HAND, &[0.8, 2.0 / 3.0], &found, EXACT);
    let gold = [vec!["Barack Obama", "Obama"], vec!["the U.S."]];
    let entities = superglue::record(&gold, &["President Obama", "US"]);
    let found = entities.map_or([f64::NAN; 2], |scores| [scores.f1, scores.exact_match]);
    check("ReCoRD: F1, exact match", BY_HAND, &[5.0 / 6.0, 0.5], &found, EXACT);
    let bank = superglue::commitment_bank(&[0, 0, 1], &[0, 1, 1]);
    check("CB: mean F1", BY_HAND, &[4.0 / 9.0], &[got(bank.map(|scores| scores.f1))], EXACT);
    let pairs = superglue::winogender(&[1, 1, 2, 2], &[0, 0, 1, 1], &[1, 1, 1, 0]);
    let found = pairs.map_or([f64::NAN; 2], |scores| [scores.gender_parity, scores.accuracy]);
    check("AX-g: gender parity, accuracy", BY_HAND, &[0.5, 0.25], &found, EXACT);
}

fn aggregates(check: Check) {
    let mqan = [
        ("squad", 77.0),
        ("iwslt", 21.4),
        ("cnn-dailymail", 24.4),
        ("mnli", 74.0),
        ("sst", 86.5),
        ("qa-srl", 80.9),
        ("qa-zre", 40.9),
        ("woz", 84.8),
        ("wikisql", 70.2),
        ("mwsc", 48.8),
    ];
    // Published as 609.0, from columns that were not rounded.
    let score = got(Aggregate::DecaNlp.score(&mqan));
    check("decaScore of MQAN", "McCann 2018, rounded columns", &[608.9], &[score], 1e-9);
    let found = got(Aggregate::Glue
        .so_far(&[("cola", 60.0), ("mnli", 80.0), ("mnli-mismatched", 90.0)])
        .map(|score| score.unwrap_or(f64::NAN)));
    check("GLUE score over two tasks", BY_HAND, &[72.5], &[found], EXACT);
    let found = got(Aggregate::SuperGlue
        .so_far(&[("boolq", 80.0), ("cb", 60.0), ("ax-b", 0.0)])
        .map(|score| score.unwrap_or(f64::NAN)));
    check("SuperGLUE score over two tasks", BY_HAND, &[70.0], &[found], EXACT);
}

fn summaries(check: Check) {
    use Direction::{Higher, Lower};
    let comparison = |baseline, score, direction| Comparison { baseline, score, direction };
    let first = vec![comparison(96.0, 93.0, Higher), comparison(98.0, 99.0, Lower)];
    let gain = relative_gain(&[first, vec![comparison(0.2, 0.5, Higher)]]);
    check("relative gain of two tasks", "Maninis 2019", &[0.739636], &[got(gain)], 5e-7);
    let ranks = mean_ranks(&[vec![0.9, 0.4], vec![0.8, 0.3], vec![0.9, 0.5]], &[Higher, Lower]);
    check("mean ranks", BY_HAND, &[1.75, 2.0, 2.25], &ranks.unwrap_or_default(), EXACT);
    let task = |metric, weight| WeightedMetric { metric, weight };
    let tasks = [task(MetricKey::Accuracy, 3.0), task(MetricKey::Matthews, 1.0)];
    let means = normalised_means(&[vec![0.8, 0.0]], &tasks);
    check("weighted mean in the metrics' ranges", BY_HAND, &[0.725], &means.unwrap_or_default(), EXACT);
    let spread = standard_deviation(&[2.0, 4.0, 9.0]);
    check("sample standard deviation", BY_HAND, &[13.0_f64.sqrt()], &[got(spread)], EXACT);
}

#[cfg(test)]
mod tests {
    use super::verify;

    #[test]
    fn every_fixed_value_holds() {
        let mut methods = Vec::new();
        verify(&mut |method, source, expected, got, tolerance| {
            assert_eq!(expected.len(), got.len(), "{method}");
            for (expected, got) in expected.iter().zip(got) {
                assert!(
                    (expected - got).abs() <= tolerance,
                    "{method} ({source}): {got}, expected {expected}"
                );
            }
            methods.push(method);
        });
        assert!(methods.len() >= 25, "{} values", methods.len());
        let n_values = methods.len();
        methods.sort_unstable();
        methods.dedup();
        assert_eq!(methods.len(), n_values, "a method is named twice");
    }
}
