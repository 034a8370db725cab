//! Laws of the metrics of answers, groups and benchmarks, and slow forms that read like their definitions.

use std::collections::BTreeSet;

use mtl_metrics::{
    MetricKey, WeightedMetric, best_by_normalised_mean, decanlp, macro_f1, normalised_means, superglue,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Answers of few words, so that they often agree.
fn answer() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["red", "Red,", "the", "a", "car", "unanswerable", "—", "and"]);
    vec(word, 0..5).prop_map(|words| words.join(" "))
}

fn questions() -> impl Strategy<Value = Vec<(Vec<String>, String)>> {
    vec((vec(answer(), 1..4), answer()), 1..8)
}

/// Question, gold and predicted of each answer option.
fn options() -> impl Strategy<Value = Vec<(usize, bool, bool)>> {
    vec((0..4usize, any::<bool>(), any::<bool>()), 1..20)
}

proptest! {
    #[test]
    fn more_accepted_answers_never_lower_a_score(questions in questions(), more in answer()) {
        let (gold, predicted): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
        let mut wider = gold.clone();
        wider.iter_mut().for_each(|accepted| accepted.push(more.clone()));
        let (narrow, wide) = (superglue::record(&gold, &predicted).unwrap(), superglue::record(&wider, &predicted).unwrap());
        prop_assert!(wide.f1 >= narrow.f1 && wide.exact_match >= narrow.exact_match);
        prop_assert!((0.0..=1.0).contains(&wide.f1));
    }

    #[test]
    fn normalised_matches_are_at_least_the_exact_ones(questions in questions()) {
        let (gold, predicted): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
        let exact = decanlp::exact_match(&gold, &predicted).unwrap();
        prop_assert!(decanlp::normalised_exact_match(&gold, &predicted).unwrap() >= exact);
        let record = superglue::record(&gold, &predicted).unwrap();
        prop_assert_eq!(record.f1, decanlp::normalised_f1(&gold, &predicted).unwrap());
    }

    #[test]
    fn corpus_f1_is_the_harmonic_mean_of_its_precision_and_recall(questions in questions()) {
        let (gold, predicted): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
        let counts = decanlp::corpus_f1(&gold, &predicted).unwrap();
        let (precision, recall) = (counts.precision(), counts.recall());
        let harmonic = if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        prop_assert!((counts.f1() - harmonic).abs() < 1e-12);
        prop_assert!(counts.right <= counts.given.min(counts.answerable));
    }

    #[test]
    fn a_multirc_question_counts_if_no_option_of_it_is_wrong(options in options()) {
        let questions: Vec<usize> = options.iter().map(|option| option.0).collect();
        let gold: Vec<bool> = options.iter().map(|option| option.1).collect();
        let predicted: Vec<bool> = options.iter().map(|option| option.2).collect();
        let found = superglue::multirc(&questions, &gold, &predicted).unwrap();
        let all: BTreeSet<usize> = questions.iter().copied().collect();
        let wrong: BTreeSet<usize> =
            options.iter().filter(|(_, gold, predicted)| gold != predicted).map(|option| option.0).collect();
        prop_assert_eq!(found.exact_match, (all.len() - wrong.len()) as f64 / all.len() as f64);
        let count = |test: fn(&&(usize, bool, bool)) -> bool| options.iter().filter(test).count() as f64;
        let (both, occurrences) = (count(|o| o.1 && o.2), count(|o| o.1) + count(|o| o.2));
        let f1a = if occurrences == 0.0 { 0.0 } else { 2.0 * both / occurrences };
        prop_assert!((found.f1a - f1a).abs() < 1e-12);
    }

    #[test]
    fn the_mean_of_three_classes_is_macro_f1_where_all_occur(pairs in vec((0..3usize, 0..3usize), 0..12)) {
        let mut gold = vec![0, 1, 2];
        let mut predicted = vec![2, 0, 1];
        gold.extend(pairs.iter().map(|pair| pair.0));
        predicted.extend(pairs.iter().map(|pair| pair.1));
        let found = superglue::commitment_bank(&gold, &predicted).unwrap();
        prop_assert!((found.f1 - macro_f1(&gold, &predicted, 3).unwrap()).abs() < 1e-12);
    }

    #[test]
    fn a_constant_prediction_has_full_gender_parity(gold in vec(0..2usize, 1..10), class in 0..2usize) {
        let gold: Vec<usize> = gold.iter().flat_map(|&class| [class; 2]).collect();
        let pairs: Vec<usize> = (0..gold.len()).map(|example| example % (gold.len() / 2)).collect();
        let found = superglue::winogender(&pairs, &gold, &vec![class; gold.len()]).unwrap();
        prop_assert_eq!(found.gender_parity, 1.0);
    }

    #[test]
    fn dialogues_in_any_order_score_alike(
        turns in vec(("[12]", prop::sample::select(vec!["None", "a: x;", "a: y; p", "b: x; p, q"])), 1..8),
        swap in any::<bool>(),
    ) {
        let predicted = "a: x; p";
        let turn = |dialogue: &'static str, gold: &'static str| decanlp::Turn { dialogue, gold, predicted };
        let of = |name: &'static str| turns.iter().filter(move |turn| turn.0 == name).map(move |t| turn(name, t.1));
        let (first, second): (Vec<_>, Vec<_>) = (of("1").collect(), of("2").collect());
        let ordered = if swap { [second.clone(), first.clone()] } else { [first.clone(), second.clone()] };
        let found = decanlp::dialogue(&ordered.concat()).unwrap();
        prop_assert_eq!(found, decanlp::dialogue(&[first, second].concat()).unwrap());
    }

    #[test]
    fn normalised_means_lie_in_range_and_see_only_the_ratio_of_weights(
        rows in vec((0.0..=1.0f64, -1.0..=1.0f64), 1..6),
        weights in (0.1..5.0f64, 0.0..5.0f64),
        factor in 0.5..4.0f64,
    ) {
        let scores: Vec<Vec<f64>> = rows.iter().map(|&(accuracy, matthews)| vec![accuracy, matthews]).collect();
        let tasks = |factor: f64| [
            WeightedMetric { metric: MetricKey::Accuracy, weight: weights.0 * factor },
            WeightedMetric { metric: MetricKey::Matthews, weight: weights.1 * factor },
        ];
        let means = normalised_means(&scores, &tasks(1.0)).unwrap();
        let scaled = normalised_means(&scores, &tasks(factor)).unwrap();
        for (mean, scaled) in means.iter().zip(&scaled) {
            prop_assert!((mean - scaled).abs() < 1e-12);
            prop_assert!((-1e-12..=1.0 + 1e-12).contains(mean));
        }
        let best = best_by_normalised_mean(&scores, &tasks(1.0)).unwrap();
        prop_assert!(means.iter().all(|&mean| mean <= means[best]));
    }
}
