//! Laws of the metrics of probabilities, spans and texts, and each fast computation against a slow one that reads like
//! its definition.

use std::collections::BTreeMap;

use mtl_metrics::bleu::tokenize_13a;
use mtl_metrics::*;
use proptest::collection::vec;
use proptest::prelude::*;

const TAGS: [&str; 5] = ["O", "B-PER", "I-PER", "B-a-b", "I-a-b"];
const KINDS: [RougeKind; 3] = [RougeKind::One, RougeKind::Two, RougeKind::L];

fn close(left: f64, right: f64) -> Result<(), TestCaseError> {
    prop_assert!((left - right).abs() <= 1e-12, "{left} against {right}");
    Ok(())
}

/// Pairs (class, score) of both classes, on a coarse grid so that ties are common.
fn scored() -> impl Strategy<Value = Vec<(usize, f64)>> {
    let pair = (0..2usize, (-8..8i32).prop_map(|step| f64::from(step) / 4.0));
    vec(pair, 2..40).prop_filter("both classes", |pairs| {
        [0, 1].iter().all(|wanted| pairs.iter().any(|(class, _)| class == wanted))
    })
}

/// Texts of few words, so that repetitions and matches are common.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => "[abc]{1,2}".prop_map(String::from),
        1 => Just("the".to_owned()),
        1 => Just("3.5,".to_owned()),
    ];
    vec(word, 0..12).prop_map(|words| words.join(" "))
}

/// Texts with one to three references each.
fn texts() -> impl Strategy<Value = Vec<(Vec<String>, String)>> {
    vec((vec(text(), 1..4), text()), 1..6)
}

fn sentences() -> impl Strategy<Value = Vec<Vec<(&'static str, &'static str)>>> {
    let tag = || (0..TAGS.len()).prop_map(|index| TAGS[index]);
    vec(vec((tag(), tag()), 0..10), 0..6)
}

fn split<A: Clone, B: Clone>(pairs: &[(A, B)]) -> (Vec<A>, Vec<B>) {
    pairs.iter().cloned().unzip()
}

/// How often each n-gram occurs.
fn counted(words: &[String], order: usize) -> BTreeMap<Vec<String>, usize> {
    let mut counts = BTreeMap::new();
    for start in 0..(words.len() + 1).saturating_sub(order) {
        *counts.entry(words[start..start + order].to_vec()).or_insert(0) += 1;
    }
    counts
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Matches and totals of n-grams of this order over the corpus, from counts by name.
fn slow_matches(pairs: &[(Vec<String>, String)], order: usize) -> (usize, usize) {
    let (mut correct, mut total) = (0, 0);
    for (references, predicted) in pairs {
        let of_references: Vec<_> =
            references.iter().map(|text| counted(&words(&tokenize_13a(text)), order)).collect();
        for (ngram, count) in counted(&words(&tokenize_13a(predicted)), order) {
            let most = of_references.iter().filter_map(|counts| counts.get(&ngram)).max().copied();
            correct += count.min(most.unwrap_or(0));
            total += count;
        }
    }
    (correct, total)
}

/// The textbook's table.
fn slow_lcs(left: &[String], right: &[String]) -> usize {
    let mut table = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, l) in left.iter().enumerate() {
        for (j, r) in right.iter().enumerate() {
            table[i + 1][j + 1] = if l == r { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
        }
    }
    table[left.len()][right.len()]
}

fn lcs_score(left: &str, right: &str) -> RougeScore {
    rouge(RougeKind::L, &[vec![left]], &[right], false).expect("a pair of texts")
}

/// The script's rule, one threshold after the other: keep the first `k` answers by probability.
fn slow_best(answers: &[AnswerScore], answerable: &[bool], answered: &[bool], order: &[usize]) -> f64 {
    let right = |kept: usize| {
        let score = |(place, &question): (usize, &usize)| match (answerable[question], answered[question]) {
            (true, _) => {
                if place < kept {
                    answers[question].f1
                } else {
                    0.0
                }
            }
            (false, answered) => f64::from(u8::from(place >= kept || !answered)),
        };
        order.iter().enumerate().map(score).sum::<f64>()
    };
    (0..=order.len()).map(right).fold(0.0, f64::max) / order.len() as f64
}

proptest! {
    #[test]
    fn roc_auc_is_the_share_of_pairs_won(pairs in scored()) {
        let (gold, scores) = split(&pairs);
        let of = |wanted: usize| pairs.iter().filter(move |(class, _)| *class == wanted).map(|(_, score)| *score);
        let wins = of(1).flat_map(|positive| of(0).map(move |negative| match positive.total_cmp(&negative) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        }));
        let expected = wins.sum::<f64>() / (of(0).count() * of(1).count()) as f64;
        close(roc_auc(&gold, &scores)?, expected)?;
    }

    #[test]
    fn roc_auc_sees_only_the_order(pairs in scored(), scale in 0.01..100.0f64) {
        let (gold, scores) = split(&pairs);
        let moved: Vec<f64> = scores.iter().map(|score| (score * scale).exp()).collect();
        let turned: Vec<f64> = scores.iter().map(|score| -score).collect();
        let auc = roc_auc(&gold, &scores)?;
        if moved.iter().all(|value| value.is_finite() && *value > 0.0) {
            prop_assert_eq!(roc_auc(&gold, &moved)?, auc);
        }
        close(roc_auc(&gold, &turned)?, 1.0 - auc)?;
    }

    #[test]
    fn weighted_f1_of_balanced_classes_is_macro_f1(predicted in vec(0..3usize, 12)) {
        let gold: Vec<usize> = (0..12).map(|i| i % 3).collect();
        close(weighted_f1(&gold, &predicted, 3)?, macro_f1(&gold, &predicted, 3)?)?;
    }

    #[test]
    fn log_loss_of_a_uniform_guess_is_ln_of_the_classes(gold in vec(0..4usize, 1..20)) {
        close(log_loss(&gold, &vec![0.25; 4 * gold.len()], 4)?, 4.0_f64.ln())?;
    }

    #[test]
    fn log_loss_refuses_what_does_not_sum_to_one(excess in 0.001..0.5f64, row in 0..5usize) {
        let mut probabilities = vec![0.5; 10];
        probabilities[2 * row] += excess;
        let error = log_loss(&[0; 5], &probabilities, 2).unwrap_err();
        prop_assert_eq!(error, MetricError::NotADistribution { row, sum: 0.5 + excess + 0.5 });
    }

    #[test]
    fn perplexity_is_the_inverse_geometric_mean(probabilities in vec(0.01..1.0f64, 1..20)) {
        let nats: Vec<f64> = probabilities.iter().map(|p| -p.ln()).collect();
        let product: f64 = probabilities.iter().product();
        let expected = product.powf(-1.0 / probabilities.len() as f64);
        let found = perplexity(&nats)?;
        prop_assert!((found / expected - 1.0).abs() < 1e-12 && found >= 1.0, "{found} against {expected}");
    }

    #[test]
    fn strict_of_repaired_is_conlleval_of_raw(sentences in sentences()) {
        let (mut gold, mut predicted) = (Vec::new(), Vec::new());
        for words in &sentences {
            let (left, right) = split(words);
            gold.push(left);
            predicted.push(right);
        }
        let gold = InvalidBio::Repair.apply(&gold)?;
        let predicted = InvalidBio::Repair.apply(&predicted)?;
        let pairs = gold.sentences.iter().zip(&predicted.sentences);
        let pairs: Vec<Vec<_>> = pairs.map(|(g, p)| g.iter().zip(p).collect()).collect();
        prop_assert_eq!(strict_spans(&pairs), conlleval(&sentences).overall);
    }

    #[test]
    fn repaired_tags_are_accepted_and_refusal_is_what_needs_repair(sentences in sentences()) {
        let tags: Vec<Vec<&str>> =
            sentences.iter().map(|words| words.iter().map(|(tag, _)| *tag).collect()).collect();
        let repaired = InvalidBio::Repair.apply(&tags)?;
        prop_assert_eq!(InvalidBio::Refuse.apply(&repaired.sentences)?.sentences, repaired.sentences.clone());
        let changed = tags.iter().flatten().zip(repaired.sentences.iter().flatten()).filter(|(a, b)| a != b);
        prop_assert_eq!(changed.count(), repaired.repaired);
        match (InvalidBio::Refuse.apply(&tags), repaired.first_repaired) {
            (Err(MetricError::InvalidBio { sentence, word, .. }), Some(place)) => {
                prop_assert_eq!(WordPlace { sentence, word }, place);
            }
            (Ok(_), None) => {}
            (refused, place) => prop_assert!(false, "{refused:?} but first repaired {place:?}"),
        }
    }

    #[test]
    fn normalising_twice_is_normalising_once(text in "[aAtThHeEnN .,'–_\u{a0}0-9é]{0,20}") {
        let once = normalise_answer(&text);
        prop_assert_eq!(normalise_answer(&once), once.clone());
        prop_assert!(!once.split(' ').any(|word| ["a", "an", "the"].contains(&word)), "{once:?}");
    }

    #[test]
    fn squad_versions_agree_on_answers_with_words(pairs in vec(("[a-c]{2}( [a-c]{2}){0,4}", "[a-c]{2}( [a-c]{2}){0,4}"), 1..6)) {
        let (gold, predicted) = split(&pairs);
        let gold: Vec<Vec<String>> = gold.into_iter().map(|reference| vec![reference]).collect();
        prop_assert_eq!(squad_v1_answers(&gold, &predicted)?, squad_v2_answers(&gold, &predicted)?);
        prop_assert_eq!(Some(squad_v1(&gold, &predicted)?), squad_v2(&gold, &predicted, None)?.has_answer);
    }

    #[test]
    fn more_references_never_hurt_an_answer(pairs in texts(), extra in text()) {
        let (gold, predicted) = split(&pairs);
        let more: Vec<Vec<String>> = gold.iter().map(|g| [&g[..], std::slice::from_ref(&extra)].concat()).collect();
        let before = squad_v1_answers(&gold, &predicted)?;
        for (before, after) in before.iter().zip(squad_v1_answers(&more, &predicted)?) {
            prop_assert!(after.exact >= before.exact && after.f1 >= before.f1);
        }
        for kind in KINDS {
            let before = rouge_texts(kind, &gold, &predicted, false)?;
            for (before, after) in before.iter().zip(rouge_texts(kind, &more, &predicted, false)?) {
                prop_assert!(after.f >= before.f);
            }
        }
    }

    #[test]
    fn the_best_threshold_is_the_best_of_all(
        questions in vec((any::<bool>(), "[xy]?", 0..4u8), 1..12),
    ) {
        let gold: Vec<Vec<&str>> = questions.iter().map(|(has, ..)| if *has { vec!["x"] } else { vec![] }).collect();
        let predicted: Vec<&str> = questions.iter().map(|(_, text, _)| text.as_str()).collect();
        let probabilities: Vec<f64> = questions.iter().map(|(.., level)| f64::from(*level) / 4.0).collect();
        let no_answer = NoAnswer { probabilities: &probabilities, threshold: 1.0 };
        let report = squad_v2(&gold, &predicted, Some(no_answer))?;
        let mut order: Vec<usize> = (0..questions.len()).collect();
        order.sort_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
        let answerable: Vec<bool> = questions.iter().map(|(has, ..)| *has).collect();
        let answered: Vec<bool> = predicted.iter().map(|text| !text.is_empty()).collect();
        let expected = slow_best(&squad_v2_answers(&gold, &predicted)?, &answerable, &answered, &order);
        let best = report.best_f1.expect("probabilities were given");
        close(best.score, expected)?;
        prop_assert!(best.score >= report.all.f1 - 1e-12);
    }

    #[test]
    fn bleu_counts_are_those_of_a_table(pairs in texts()) {
        let (gold, predicted) = split(&pairs);
        let score = corpus_bleu(&gold, &predicted, BleuOptions::default())?;
        for order in 1..=4 {
            let found = (score.correct[order - 1], score.total[order - 1]);
            prop_assert_eq!(found, slow_matches(&pairs, order), "order {}", order);
        }
        prop_assert!((0.0..=1.0).contains(&score.bleu));
    }

    #[test]
    fn bleu_of_the_reference_is_one(first in "[a-z]{1,4}( [a-z]{1,4}){3,8}", other in text()) {
        let gold = [vec![other, first.clone()]];
        close(corpus_bleu(&gold, &[first], BleuOptions::default())?.bleu, 1.0)?;
    }

    #[test]
    fn sentence_bleu_is_that_of_a_corpus_of_one((references, predicted) in (vec(text(), 1..3), text())) {
        let options = BleuOptions::sentence();
        let found = sentence_bleu(&references, &predicted, options)?;
        prop_assert_eq!(found, corpus_bleu(&[references], &[predicted], options)?);
    }

    #[test]
    fn tokenizing_keeps_every_character_but_spaces(text in "[a-c0-9.,()\\- é日]{0,20}") {
        let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        prop_assert_eq!(bare(&tokenize_13a(&text)), bare(&text));
    }

    #[test]
    fn rouge_l_is_the_textbook_table(left in vec("[abc]", 1..150), right in vec("[abc]", 1..150)) {
        let (joined_left, joined_right) = (left.join(" "), right.join(" "));
        let score = lcs_score(&joined_left, &joined_right);
        let expected = slow_lcs(&left, &right) as f64;
        close(score.recall * left.len() as f64, expected)?;
        close(score.precision * right.len() as f64, expected)?;
    }

    #[test]
    fn rouge_turned_round_swaps_precision_and_recall(left in text(), right in text(), stem in any::<bool>()) {
        for kind in KINDS {
            let there = rouge(kind, &[vec![&left]], &[&right], stem)?;
            let back = rouge(kind, &[vec![&right]], &[&left], stem)?;
            prop_assert_eq!((there.precision, there.recall), (back.recall, back.precision));
            close(there.f, back.f)?;
        }
    }

    #[test]
    fn rouge_n_is_clipped_counts((left, right) in (vec("[ab]{1,2}", 0..12), vec("[ab]{1,2}", 0..12))) {
        for (kind, order) in [(RougeKind::One, 1), (RougeKind::Two, 2)] {
            let score = rouge(kind, &[vec![left.join(" ")]], &[right.join(" ")], false)?;
            let (gold, found) = (counted(&left, order), counted(&right, order));
            let shared: usize = gold.iter().map(|(ngram, n)| found.get(ngram).map_or(0, |m| *n.min(m))).sum();
            close(score.recall * gold.values().sum::<usize>() as f64, shared as f64)?;
            close(score.precision * found.values().sum::<usize>() as f64, shared as f64)?;
        }
    }

    #[test]
    fn a_stem_is_never_longer_than_its_word_and_an_e(word in "[a-z0-9]{0,12}") {
        prop_assert!(porter_stem(&word).len() <= word.len() + 1);
    }
}
