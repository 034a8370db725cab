//! Scores of texts: SQuAD, BLEU, ROUGE and decaNLP.

use super::{BY_HAND, Check, EXACT, got, parts, scored};
use crate::bleu::{BleuOptions, corpus_bleu};
use crate::decanlp;
use crate::key::MetricKey::*;
use crate::outcomes::Outcomes;
use crate::squad::squad_v1;

pub(super) fn verify(check: Check) {
    short_answers(check);
    bleu(check);
    rouge(check);
    decanlp(check);
    dialogue(check);
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// 2 of 2 words and 2 of 4, so F1 2/3; and a question without an answer, rightly left without one.
fn short_answers(check: Check) {
    let gold = [texts(["the Norman conquest of England", "1066"]), vec![]];
    let outcomes = Outcomes::Texts { gold: &gold, predicted: &texts(["Norman conquest", ""]) };
    scored(check, &outcomes, &[(ExactMatch, 0.5), (SquadF1, 5.0 / 6.0)]);
    let gold = [vec!["the Norman conquest of England", "1066"], vec!["Paris"]];
    let found = parts(squad_v1(&gold, &["Norman conquest", "Paris!"]), |score| [score.exact, score.f1]);
    check("SQuAD 1.1: exact match, F1", BY_HAND, &[0.5, 5.0 / 6.0], &found, EXACT);
}

fn bleu(check: Check) {
    let outcomes = Outcomes::Texts {
        gold: &[texts(["the cat sat on the mat"])],
        predicted: &texts(["the cat sat on a mat"]),
    };
    let precisions = [5.0 / 6.0, 3.0 / 5.0, 2.0 / 4.0, 1.0 / 3.0];
    let expected = precisions.iter().product::<f64>().powf(0.25);
    scored(check, &outcomes, &[(Bleu, expected)]);
    let gold = [
        ["The dog bit the man.", "The dog had bit the man."].to_vec(),
        ["It was not unexpected.", "No one was surprised."].to_vec(),
        ["The man bit him first.", "The man had bitten the dog."].to_vec(),
    ];
    let predicted = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."];
    let score = corpus_bleu(&gold, &predicted, BleuOptions::default());
    let found = parts(score, |score| {
        let [one, two, three, four] = score.precisions;
        [score.bleu, one, two, three, four]
    });
    // BLEU().corpus_score, which prints 48.53 82.4/50.0/45.5/37.5 (BP = 0.943).
    let expected = [0.48530827009929865, 14.0 / 17.0, 0.5, 5.0 / 11.0, 0.375];
    check("bleu: two references, with precisions", "sacreBLEU 2.6.0", &expected, &found, EXACT);
}

/// Of 9 and 8 words 6 are shared, of 8 and 7 pairs 2, and a longest sequence of 5.
fn rouge(check: Check) {
    let outcomes = Outcomes::Texts {
        gold: &[texts(["The quick brown fox jumps over the lazy dog"])],
        predicted: &texts(["the quick brown dog jumps on the log."]),
    };
    let expected = [(Rouge1, 12.0 / 17.0), (Rouge2, 4.0 / 15.0), (RougeL, 10.0 / 17.0)];
    scored(check, &outcomes, &expected);
}

fn decanlp(check: Check) {
    let gold = [vec!["the red car"], vec!["blue"]];
    let predicted = ["Red car!", "a big blue sky"];
    let scores =
        [decanlp::normalised_f1(&gold, &predicted), decanlp::normalised_exact_match(&gold, &predicted)];
    check("normalised F1 and exact match", BY_HAND, &[0.75, 0.5], &scores.map(got), EXACT);
    let gold = [vec!["unanswerable"], vec!["Ann and Bob"], vec!["Paris"]];
    let corpus = decanlp::corpus_f1(&gold, &["Rome", "bob, ann", "unanswerable"]);
    check("corpus-level F1", BY_HAND, &[0.5], &parts(corpus, |counts| [counts.f1()]), EXACT);
    let queries = ["SELECT a FROM table", "SELECT b FROM table"];
    let forms = decanlp::logical_form_exact_match(&queries, &["select a  from table"; 2]);
    check("logical-form exact match", BY_HAND, &[0.5], &[got(forms)], EXACT);
}

fn dialogue(check: Check) {
    let turn = |gold, predicted| decanlp::Turn { dialogue: "1", gold, predicted };
    let turns = [turn("food: thai; phone", "food: thai;"), turn("area: north;", "area: south;")];
    let found = parts(decanlp::dialogue(&turns), |d| [d.joint_goal, d.turn_goal, d.turn_request]);
    check("dialogue: joint goal, turn goal, turn request", BY_HAND, &[0.5, 0.5, 0.5], &found, EXACT);
}
