//! Scores of classes, values, probabilities, losses, spans and parses.

use super::{BY_HAND, Check, EXACT, got, parts, scored};
use crate::attachment::attachment;
use crate::conll18::{Treebank, evaluate};
use crate::key::MetricKey::*;
use crate::log_loss::log_loss;
use crate::outcomes::Outcomes;
use crate::superglue;

pub(super) fn verify(check: Check) {
    classes(check);
    values(check);
    probabilities(check);
    losses(check);
    spans(check);
    parses(check);
    superglue(check);
}

fn classes(check: Check) {
    // F1 2·1/(2 + 2), 2·2/(2 + 3) and 0, of 2, 2 and 1 examples.
    let outcomes = Outcomes::Classes { gold: &[0, 0, 1, 1, 2], predicted: &[0, 1, 1, 1, 0], n_classes: 3 };
    let expected = [(Accuracy, 0.6), (MicroF1, 0.6), (MacroF1, 1.3 / 3.0), (WeightedF1, 2.6 / 5.0)];
    scored(check, &outcomes, &expected);
    let outcomes = Outcomes::Classes { gold: &[1, 1, 1, 0, 0], predicted: &[1, 1, 0, 1, 0], n_classes: 2 };
    scored(check, &outcomes, &[(F1, 2.0 / 3.0), (Matthews, 1.0 / 6.0)]);
}

fn values(check: Check) {
    let gold = [1.0, 2.0, 3.0, 4.0];
    let predicted = [1.0, 3.0, 2.0, 4.0];
    scored(check, &Outcomes::Values { gold: &gold, predicted: &predicted }, &[(Pearson, 0.8)]);
    let cubes = predicted.map(|value: f64| value.powi(3));
    scored(check, &Outcomes::Values { gold: &gold, predicted: &cubes }, &[(Spearman, 0.8)]);
}

fn probabilities(check: Check) {
    // Of the four pairs, only .4 of class 0 is above .35 of class 1.
    let probabilities = [0.9, 0.1, 0.6, 0.4, 0.65, 0.35, 0.2, 0.8];
    let outcomes =
        Outcomes::Probabilities { gold: &[0, 0, 1, 1], probabilities: &probabilities, n_classes: 2 };
    scored(check, &outcomes, &[(RocAuc, 0.75)]);
    let probabilities = [0.5, 0.5, 0.75, 0.25];
    let outcomes = Outcomes::Probabilities { gold: &[0, 1], probabilities: &probabilities, n_classes: 2 };
    scored(check, &outcomes, &[(LogLoss, 1.5 * std::f64::consts::LN_2)]);
    // -ln of the smallest share that counts, 2^-52.
    let mistake = got(log_loss(&[1], &[1.0, 0.0], 2));
    check("log_loss: certain mistake", "scikit-learn", &[36.04365338911715], &[mistake], EXACT);
}

fn losses(check: Check) {
    scored(check, &Outcomes::Losses { losses: &[1.0, 2.0, 6.0] }, &[(Loss, 3.0)]);
    let nats = [1.0, 6.0, 36.0].map(f64::ln);
    scored(check, &Outcomes::TokenLosses { nats: &nats }, &[(Perplexity, 6.0)]);
}

fn spans(check: Check) {
    let labels = ["B-ORG", "I-ORG"];
    let (gold, predicted) = ([vec![Some(0), Some(1)]], [vec![Some(1), Some(1)]]);
    let lenient = got(crate::span_f1(&gold, &predicted, &labels));
    check("span_f1: I-ORG I-ORG for B-ORG I-ORG", "conlleval", &[1.0], &[lenient], 0.0);
    let strict = got(crate::strict_span_f1(&gold, &predicted, &labels));
    check("strict_span_f1: I-ORG I-ORG for B-ORG I-ORG", "seqeval, IOB2", &[0.0], &[strict], 0.0);
}

/// Four words of which `the` has a wrong feature, so that `cats` is wrong in MLAS alone.
fn parses(check: Check) {
    let gold = "1\tthe\tthe\tDET\t_\tDefinite=Def\t2\tdet\t_\t_\n\
                2\tcats\tcat\tNOUN\t_\tNumber=Plur\t3\tnsubj\t_\t_\n\
                3\tran\trun\tVERB\t_\tTense=Past\t0\troot\t_\t_\n\
                4\t.\t.\tPUNCT\t_\t_\t3\tpunct\t_\t_\n\n";
    let predicted = gold.replace("Definite=Def", "Definite=Ind").replace("3\tpunct", "2\tpunct");
    let evaluation = || evaluate(&Treebank::read(gold)?, &Treebank::read(&predicted)?);
    let found = parts(evaluation(), |e| [e.uas, e.las, e.clas, e.mlas, e.blex].map(|score| score.f1()));
    check("UAS, LAS, CLAS, MLAS, BLEX", BY_HAND, &[0.75, 0.75, 1.0, 0.5, 1.0], &found, EXACT);
    let (gold, predicted) = ([vec![(2, "det"), (0, "root")]], [vec![Some((2, "amod")), Some((0, "root"))]]);
    let found = parts(attachment(&gold, &predicted), |arcs| [arcs.uas.f1(), arcs.las.f1()]);
    check("UAS, LAS of arcs", BY_HAND, &[1.0, 0.5], &found, EXACT);
}

fn superglue(check: Check) {
    let options = superglue::multirc(&[1, 1, 2, 3], &[true, false, false, true], &[true, true, false, true]);
    let found = parts(options, |scores| [scores.f1a, scores.exact_match]);
    check("MultiRC: F1a, exact match", BY_HAND, &[0.8, 2.0 / 3.0], &found, EXACT);
    let gold = [vec!["Barack Obama", "Obama"], vec!["the U.S."]];
    let entities = superglue::record(&gold, &["President Obama", "US"]);
    let found = parts(entities, |scores| [scores.f1, scores.exact_match]);
    check("ReCoRD: F1, exact match", BY_HAND, &[5.0 / 6.0, 0.5], &found, EXACT);
    let bank = parts(superglue::commitment_bank(&[0, 0, 1], &[0, 1, 1]), |scores| [scores.f1]);
    check("CB: mean F1", BY_HAND, &[4.0 / 9.0], &bank, EXACT);
    let pairs = superglue::winogender(&[1, 1, 2, 2], &[0, 0, 1, 1], &[1, 1, 1, 0]);
    let found = parts(pairs, |scores| [scores.gender_parity, scores.accuracy]);
    check("AX-g: gender parity, accuracy", BY_HAND, &[0.5, 0.25], &found, EXACT);
}
