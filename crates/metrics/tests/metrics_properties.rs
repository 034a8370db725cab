//! Laws of the metrics, and each fast computation against a slow one that reads like its definition.

use std::collections::BTreeSet;

use mtl_metrics::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// One tag per word of a sentence, `None` where a word was cut off.
type Tags = Vec<Option<usize>>;

const N_CLASSES: usize = 5;
const TAGS: [&str; 7] = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "E-LOC", "I-a-b"];

fn close(left: f64, right: f64, tolerance: f64) -> Result<(), TestCaseError> {
    prop_assert!((left - right).abs() <= tolerance, "{left} against {right}");
    Ok(())
}

/// Pairs (gold, predicted) of classes, more often right than by chance.
fn class_pairs() -> impl Strategy<Value = Vec<(usize, usize)>> {
    let pair = (0..N_CLASSES, 0..N_CLASSES, any::<bool>());
    vec(pair.prop_map(|(gold, other, right)| (gold, if right { gold } else { other })), 1..40)
}

fn set_pairs() -> impl Strategy<Value = Vec<(Vec<usize>, Vec<usize>)>> {
    let set = || vec(0..N_CLASSES, 0..4);
    vec((set(), set()), 1..15)
}

/// Pairs of values on a coarse grid, so that ties are common.
fn value_pairs() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let value = || (-20..20i32).prop_map(|step| f64::from(step) / 4.0);
    vec((value(), value()), 1..40)
}

/// Sentences of (gold, predicted) tags, some words cut off.
fn tag_pairs() -> impl Strategy<Value = Vec<Vec<(usize, Option<usize>)>>> {
    let predicted =
        |gold| prop_oneof![6 => Just(Some(gold)), 3 => (0..TAGS.len()).prop_map(Some), 1 => Just(None)];
    let word = (0..TAGS.len()).prop_flat_map(move |gold| (Just(gold), predicted(gold)));
    vec(vec(word, 1..10), 1..6)
}

/// An order of `n` things.
fn shuffled<T: Clone>(things: &[T], picks: &[Index]) -> Vec<T> {
    let mut left = things.to_vec();
    let mut picks = picks.iter().cycle();
    let mut next = || picks.next().expect("at least one pick");
    (0..things.len()).map(|_| left.swap_remove(next().index(left.len()))).collect()
}

fn split<A: Clone, B: Clone>(pairs: &[(A, B)]) -> (Vec<A>, Vec<B>) {
    pairs.iter().cloned().unzip()
}

fn split_tags(sentences: &[Vec<(usize, Option<usize>)>]) -> (Vec<Tags>, Vec<Tags>) {
    let gold = |words: &Vec<(usize, Option<usize>)>| words.iter().map(|&(gold, _)| Some(gold)).collect();
    let predicted =
        |words: &Vec<(usize, Option<usize>)>| words.iter().map(|&(_, predicted)| predicted).collect();
    (sentences.iter().map(gold).collect(), sentences.iter().map(predicted).collect())
}

fn scores_of_classes(gold: &[usize], predicted: &[usize]) -> [f64; 4] {
    let outcomes = Outcomes::Classes { gold, predicted, n_classes: N_CLASSES };
    [MetricKey::Accuracy, MetricKey::MicroF1, MetricKey::MacroF1, MetricKey::Matthews]
        .map(|key| score(key, &outcomes).expect("valid classes"))
}

/// F1 of one class from yes/no answers, by way of precision and recall.
fn slow_f1(answers: &[(bool, bool)]) -> f64 {
    let count = |wanted: (bool, bool)| answers.iter().filter(|&&answer| answer == wanted).count() as f64;
    let (both, only_gold, only_predicted) = (count((true, true)), count((true, false)), count((false, true)));
    if both == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (both / (both + only_predicted), both / (both + only_gold));
    2.0 * precision * recall / (precision + recall)
}

/// The correlation of the two one-hot matrices, written out (Gorodkin 2004).
fn slow_matthews(pairs: &[(usize, usize)]) -> f64 {
    let n = pairs.len() as f64;
    let one_hot = |class: usize, k: usize| f64::from(u8::from(class == k));
    let covariance = |left: &dyn Fn(usize, usize) -> f64, right: &dyn Fn(usize, usize) -> f64| {
        let of_class = |k: usize| {
            let mean =
                |side: &dyn Fn(usize, usize) -> f64| (0..pairs.len()).map(|i| side(i, k)).sum::<f64>() / n;
            let (left_mean, right_mean) = (mean(left), mean(right));
            (0..pairs.len()).map(|i| (left(i, k) - left_mean) * (right(i, k) - right_mean)).sum::<f64>()
        };
        (0..N_CLASSES).map(of_class).sum::<f64>()
    };
    let gold = |i: usize, k: usize| one_hot(pairs[i].0, k);
    let predicted = |i: usize, k: usize| one_hot(pairs[i].1, k);
    let norm = (covariance(&gold, &gold) * covariance(&predicted, &predicted)).sqrt();
    if norm < 1e-12 { 0.0 } else { covariance(&gold, &predicted) / norm }
}

/// 1 + the number of smaller values + half the number of other equal ones.
fn slow_ranks(values: &[f64]) -> Vec<f64> {
    let count = |test: &dyn Fn(f64) -> bool| values.iter().filter(|&&value| test(value)).count() as f64;
    values.iter().map(|&x| 1.0 + count(&|y| y < x) + (count(&|y| y == x) - 1.0) / 2.0).collect()
}

/// Chunks (sentence, first word, last word, type) of IOB tags, word by word.
fn slow_chunks(sentences: &[Tags]) -> BTreeSet<(usize, usize, usize, &'static str)> {
    let mut chunks = BTreeSet::new();
    for (sentence, words) in sentences.iter().enumerate() {
        let tags: Vec<_> = words.iter().map(|word| TAGS[word.unwrap_or(0)].split_once('-')).collect();
        for first in 0..tags.len() {
            let Some((mark, kind)) = tags[first] else { continue };
            let continues =
                |word: usize| tags[word].is_some_and(|(mark, other)| mark == "I" && other == kind);
            let before = first.checked_sub(1).and_then(|before| tags[before]);
            if mark == "B" || before.is_none_or(|(_, other)| other != kind) {
                let last =
                    (first + 1..tags.len()).take_while(|&word| continues(word)).last().unwrap_or(first);
                chunks.insert((sentence, first, last, kind));
            }
        }
    }
    chunks
}

/// `E` is no IOB mark: the slow reading knows `B`, `I` and `O`.
fn without_end_marks(sentences: &[Vec<(usize, Option<usize>)>]) -> Vec<Vec<(usize, Option<usize>)>> {
    let iob = |tag: usize| if TAGS[tag] == "E-LOC" { 0 } else { tag };
    let word = |&(gold, predicted): &(usize, Option<usize>)| (iob(gold), predicted.map(iob));
    sentences.iter().map(|words| words.iter().map(word).collect()).collect()
}

proptest! {
    #[test]
    fn micro_f1_equals_accuracy_for_single_label(pairs in class_pairs()) {
        let (gold, predicted) = split(&pairs);
        close(micro_f1(&gold, &predicted, N_CLASSES)?, accuracy(&gold, &predicted)?, 1e-15)?;
    }

    #[test]
    fn macro_f1_is_the_mean_over_classes_that_occur(pairs in class_pairs()) {
        let (gold, predicted) = split(&pairs);
        let occurring: BTreeSet<usize> = gold.iter().chain(&predicted).copied().collect();
        let of_class = |&k: &usize| slow_f1(&pairs.iter().map(|&(g, p)| (g == k, p == k)).collect::<Vec<_>>());
        let expected = occurring.iter().map(of_class).sum::<f64>() / occurring.len() as f64;
        close(macro_f1(&gold, &predicted, N_CLASSES)?, expected, 1e-12)?;
    }

    #[test]
    fn binary_f1_is_the_harmonic_mean_for_class_one(pairs in vec((0..2usize, 0..2usize), 1..30)) {
        let (gold, predicted) = split(&pairs);
        let answers: Vec<_> = pairs.iter().map(|&(g, p)| (g == 1, p == 1)).collect();
        close(binary_f1(&gold, &predicted)?, slow_f1(&answers), 1e-12)?;
    }

    #[test]
    fn label_set_f1_is_that_of_its_yes_no_answers(pairs in set_pairs()) {
        let (gold, predicted) = split(&pairs);
        let answers = |k: usize| pairs.iter().map(move |(g, p)| (g.contains(&k), p.contains(&k)));
        let all: Vec<_> = (0..N_CLASSES).flat_map(answers).collect();
        close(label_set_micro_f1(&gold, &predicted, N_CLASSES)?, slow_f1(&all), 1e-12)?;
        let of_label = |k: usize| slow_f1(&answers(k).collect::<Vec<_>>());
        let mean = (0..N_CLASSES).map(of_label).sum::<f64>() / N_CLASSES as f64;
        close(label_set_macro_f1(&gold, &predicted, N_CLASSES)?, mean, 1e-12)?;
    }

    #[test]
    fn sets_of_one_label_score_as_single_labels(pairs in class_pairs()) {
        let (gold, predicted) = split(&pairs);
        let sets = |classes: &[usize]| classes.iter().map(|&class| vec![class]).collect::<Vec<_>>();
        let (gold_sets, predicted_sets) = (sets(&gold), sets(&predicted));
        prop_assert_eq!(exact_match(&gold_sets, &predicted_sets)?, accuracy(&gold, &predicted)?);
        let of_sets = label_set_micro_f1(&gold_sets, &predicted_sets, N_CLASSES)?;
        prop_assert_eq!(of_sets, micro_f1(&gold, &predicted, N_CLASSES)?);
    }

    #[test]
    fn matthews_is_symmetric(pairs in class_pairs()) {
        let (gold, predicted) = split(&pairs);
        prop_assert_eq!(matthews(&gold, &predicted, N_CLASSES)?, matthews(&predicted, &gold, N_CLASSES)?);
    }

    #[test]
    fn matthews_is_the_correlation_of_one_hot_rows(pairs in class_pairs()) {
        let (gold, predicted) = split(&pairs);
        close(matthews(&gold, &predicted, N_CLASSES)?, slow_matthews(&pairs), 1e-9)?;
    }

    #[test]
    fn matthews_of_two_classes_is_pearson(pairs in vec((0..2usize, 0..2usize), 1..30)) {
        let (gold, predicted) = split(&pairs);
        let values = |classes: &[usize]| classes.iter().map(|&class| class as f64).collect::<Vec<_>>();
        close(matthews(&gold, &predicted, 2)?, pearson(&values(&gold), &values(&predicted))?, 1e-12)?;
    }

    #[test]
    fn pearson_is_invariant_under_positive_affine_maps(
        pairs in value_pairs(), scale in 0.01..100.0f64, shift in -100.0..100.0f64,
    ) {
        let (gold, predicted) = split(&pairs);
        let mapped: Vec<f64> = predicted.iter().map(|value| scale * value + shift).collect();
        let reversed: Vec<f64> = mapped.iter().map(|value| -value).collect();
        let r = pearson(&gold, &predicted)?;
        close(pearson(&gold, &mapped)?, r, 1e-9)?;
        close(pearson(&gold, &reversed)?, -r, 1e-9)?;
    }

    #[test]
    fn spearman_is_pearson_of_ranks(pairs in value_pairs()) {
        let (gold, predicted) = split(&pairs);
        let expected = pearson(&slow_ranks(&gold), &slow_ranks(&predicted))?;
        close(spearman(&gold, &predicted)?, expected, 1e-12)?;
    }

    #[test]
    fn spearman_is_invariant_under_increasing_maps(pairs in value_pairs()) {
        let (gold, predicted) = split(&pairs);
        let mapped: Vec<f64> = predicted.iter().map(|value| value.powi(3)).collect();
        prop_assert_eq!(spearman(&gold, &mapped)?, spearman(&gold, &predicted)?);
    }

    #[test]
    fn average_ranks_count_smaller_and_half_of_equal(pairs in value_pairs()) {
        let (values, _) = split(&pairs);
        prop_assert_eq!(average_ranks(&values), slow_ranks(&values));
    }

    #[test]
    fn permuting_examples_changes_nothing(
        classes in class_pairs(), values in value_pairs(), picks in vec(any::<Index>(), 1..40),
    ) {
        let (gold, predicted) = split(&classes);
        let (other_gold, other_predicted) = split(&shuffled(&classes, &picks));
        prop_assert_eq!(scores_of_classes(&gold, &predicted), scores_of_classes(&other_gold, &other_predicted));
        let (gold, predicted) = split(&values);
        let (other_gold, other_predicted) = split(&shuffled(&values, &picks));
        close(pearson(&gold, &predicted)?, pearson(&other_gold, &other_predicted)?, 1e-12)?;
        close(spearman(&gold, &predicted)?, spearman(&other_gold, &other_predicted)?, 1e-12)?;
    }

    #[test]
    fn renaming_classes_changes_nothing(pairs in class_pairs(), picks in vec(any::<Index>(), N_CLASSES)) {
        let names = shuffled(&(0..N_CLASSES).collect::<Vec<_>>(), &picks);
        let (gold, predicted) = split(&pairs);
        let renamed = |classes: &[usize]| classes.iter().map(|&class| names[class]).collect::<Vec<_>>();
        let before = scores_of_classes(&gold, &predicted);
        let after = scores_of_classes(&renamed(&gold), &renamed(&predicted));
        for (before, after) in before.into_iter().zip(after) {
            close(before, after, 1e-12)?;
        }
    }

    #[test]
    fn every_score_lies_in_its_range(
        classes in class_pairs(), sets in set_pairs(), values in value_pairs(), words in tag_pairs(),
    ) {
        let labels = TAGS.map(String::from);
        let (classes, sets, values, words) = (split(&classes), split(&sets), split(&values), split_tags(&words));
        let losses: Vec<f64> = values.0.iter().map(|value| value.abs()).collect();
        let all = [
            Outcomes::Classes { gold: &classes.0, predicted: &classes.1, n_classes: N_CLASSES },
            Outcomes::LabelSets { gold: &sets.0, predicted: &sets.1, n_labels: N_CLASSES },
            Outcomes::Values { gold: &values.0, predicted: &values.1 },
            Outcomes::Tags { gold: &words.0, predicted: &words.1, labels: &labels },
            Outcomes::Losses { losses: &losses },
        ];
        for outcomes in all {
            for &key in MetricKey::applicable_to(outcomes.kind()).iter().filter(|&&key| key != MetricKey::F1) {
                let (min, max) = key.range();
                let got = score(key, &outcomes)?;
                prop_assert!(got.is_finite() && (min..=max).contains(&got), "{} is {}", key, got);
            }
        }
    }

    #[test]
    fn span_f1_is_one_iff_chunks_are_equal(sentences in tag_pairs()) {
        let (gold, predicted) = split_tags(&without_end_marks(&sentences));
        let (gold_chunks, predicted_chunks) = (slow_chunks(&gold), slow_chunks(&predicted));
        let equal = gold_chunks == predicted_chunks && !gold_chunks.is_empty();
        prop_assert_eq!(span_f1(&gold, &predicted, &TAGS)? == 1.0, equal);
    }

    #[test]
    fn span_counts_are_those_of_chunk_sets(sentences in tag_pairs()) {
        let (gold, predicted) = split_tags(&without_end_marks(&sentences));
        let (gold_chunks, predicted_chunks) = (slow_chunks(&gold), slow_chunks(&predicted));
        let expected = ChunkCounts {
            phrases: gold_chunks.len(),
            found: predicted_chunks.len(),
            correct: gold_chunks.intersection(&predicted_chunks).count(),
        };
        prop_assert_eq!(span_report(&gold, &predicted, &TAGS)?.overall, expected);
    }

    #[test]
    fn types_sum_to_the_whole(sentences in tag_pairs()) {
        let (gold, predicted) = split_tags(&sentences);
        let report = span_report(&gold, &predicted, &TAGS)?;
        let sum = |of: fn(&ChunkCounts) -> usize| report.per_type.values().map(of).sum::<usize>();
        prop_assert_eq!(sum(|counts| counts.phrases), report.overall.phrases);
        prop_assert_eq!(sum(|counts| counts.found), report.overall.found);
        prop_assert_eq!(sum(|counts| counts.correct), report.overall.correct);
    }

    #[test]
    fn permuting_sentences_changes_nothing(sentences in tag_pairs(), picks in vec(any::<Index>(), 1..6)) {
        let (gold, predicted) = split_tags(&sentences);
        let (other_gold, other_predicted) = split_tags(&shuffled(&sentences, &picks));
        let other = span_report(&other_gold, &other_predicted, &TAGS)?;
        prop_assert_eq!(span_report(&gold, &predicted, &TAGS)?, other);
        let strict = strict_span_f1(&other_gold, &other_predicted, &TAGS)?;
        prop_assert_eq!(strict_span_f1(&gold, &predicted, &TAGS)?, strict);
    }

    #[test]
    fn cut_words_never_help_accuracy(sentences in tag_pairs()) {
        let labels = TAGS.map(String::from);
        let (gold, predicted) = split_tags(&sentences);
        let cut: Vec<Tags> = predicted
            .iter()
            .map(|words| words.iter().enumerate().map(|(i, &word)| word.filter(|_| i < 3)).collect())
            .collect();
        let of = |predicted| score(MetricKey::Accuracy, &Outcomes::Tags { gold: &gold, predicted, labels: &labels });
        prop_assert!(of(&cut)? <= of(&predicted)?);
    }

    #[test]
    fn mean_ranks_average_to_the_middle(
        scores in vec(vec((-3..3i32).prop_map(f64::from), 3), 1..8), higher in vec(any::<bool>(), 3),
    ) {
        let direction = |&higher: &bool| if higher { Direction::Higher } else { Direction::Lower };
        let directions: Vec<Direction> = higher.iter().map(direction).collect();
        let ranks = mean_ranks(&scores, &directions)?;
        close(mean(&ranks)?, (scores.len() + 1) as f64 / 2.0, 1e-12)?;
        let best = ranks[best_by_mean_rank(&scores, &directions)?];
        prop_assert!(ranks.iter().all(|&rank| best <= rank));
    }

    #[test]
    fn relative_gain_over_oneself_is_zero(values in vec(0.1..10.0f64, 1..6)) {
        let same = |&value: &f64| vec![Comparison { baseline: value, score: value, direction: Direction::Lower }];
        prop_assert_eq!(relative_gain(&values.iter().map(same).collect::<Vec<_>>())?, 0.0);
    }
}
