//! Laws of the statistical tests, and each fast computation against a slow one that reads like its definition.

use mtl_metrics::significance::power::{Plan, mcnemar_examples_needed, paired_t_power, pairs_needed};
use mtl_metrics::significance::*;
use mtl_metrics::{MetricError, MetricKey, OutcomeKind, score};
use proptest::collection::vec;
use proptest::prelude::*;

const TAGS: [&str; 5] = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
const FEW: Bootstrap = Bootstrap { resamples: 200, confidence: 0.95, seed: 3 };

fn labels() -> Vec<String> {
    TAGS.map(String::from).to_vec()
}

/// Two systems on the same examples, of any kind.
fn systems(n: std::ops::Range<usize>) -> impl Strategy<Value = (OwnedOutcomes, OwnedOutcomes)> {
    let class = || 0..4_usize;
    let set = || vec(class(), 0..3);
    let value = || (-20..20_i32).prop_map(|step| f64::from(step) / 4.0);
    let word = || {
        (prop::option::weighted(0.9, 0..5_usize), prop::option::of(0..5_usize), prop::option::of(0..5_usize))
    };
    prop_oneof![
        vec((class(), class(), class()), n.clone()).prop_map(|rows| {
            let make = |predicted: Vec<usize>| OwnedOutcomes::Classes {
                gold: rows.iter().map(|row| row.0).collect(),
                predicted,
                n_classes: 4,
            };
            (make(rows.iter().map(|row| row.1).collect()), make(rows.iter().map(|row| row.2).collect()))
        }),
        vec((set(), set(), set()), n.clone()).prop_map(|rows| {
            let make = |predicted: Vec<Vec<usize>>| OwnedOutcomes::LabelSets {
                gold: rows.iter().map(|row| row.0.clone()).collect(),
                predicted,
                n_labels: 4,
            };
            (
                make(rows.iter().map(|row| row.1.clone()).collect()),
                make(rows.iter().map(|row| row.2.clone()).collect()),
            )
        }),
        vec((value(), value(), value()), n.clone()).prop_map(|rows| {
            let make = |predicted: Vec<f64>| OwnedOutcomes::Values {
                gold: rows.iter().map(|row| row.0).collect(),
                predicted,
            };
            (make(rows.iter().map(|row| row.1).collect()), make(rows.iter().map(|row| row.2).collect()))
        }),
        vec((0..2_usize, 0..5_u8, 0..5_u8), n.clone()).prop_map(|rows| {
            // Two more examples, so that both classes occur.
            let gold: Vec<usize> = rows.iter().map(|row| row.0).chain([0, 1]).collect();
            let make = |quarters: Vec<u8>| OwnedOutcomes::Probabilities {
                gold: gold.clone(),
                probabilities: quarters
                    .into_iter()
                    .chain([1, 2])
                    .flat_map(|quarters| [1.0 - f64::from(quarters) / 4.0, f64::from(quarters) / 4.0])
                    .collect(),
                n_classes: 2,
            };
            (make(rows.iter().map(|row| row.1).collect()), make(rows.iter().map(|row| row.2).collect()))
        }),
        vec((Just(Some(1)), vec(word(), 1..6)), n).prop_map(|sentences| {
            // The first word has a label, so that something can be scored.
            let side = |of: fn(&(Option<usize>, Option<usize>, Option<usize>)) -> Option<usize>,
                        first: Option<usize>| {
                let words =
                    |words: &Vec<_>| std::iter::once(first).chain(words.iter().map(of)).collect::<Vec<_>>();
                sentences.iter().map(|(_, all)| words(all)).collect::<Vec<_>>()
            };
            let make = |predicted| OwnedOutcomes::Tags {
                gold: side(|word| word.0, Some(1)),
                predicted,
                labels: labels(),
            };
            (make(side(|word| word.1, Some(1))), make(side(|word| word.2, Some(0))))
        }),
    ]
}

/// The metrics of these outcomes; `f1` needs two classes, and these have four.
fn keys(outcomes: &OwnedOutcomes) -> Vec<MetricKey> {
    let kind = outcomes.borrow().kind();
    let applicable = MetricKey::applicable_to(kind).iter().copied();
    applicable.filter(|&key| kind != OutcomeKind::Classes || key != MetricKey::F1).collect()
}

/// How often each of `n` examples occurs in these picks.
fn counts_of(picks: &[usize], n: usize) -> Vec<u32> {
    let mut counts = vec![0; n];
    picks.iter().for_each(|pick| counts[pick % n] += 1);
    counts
}

fn bootstrap(
    key: MetricKey,
    first: &OwnedOutcomes,
    second: &OwnedOutcomes,
    how: &Bootstrap,
) -> PairedBootstrap {
    let of = |outcomes: &OwnedOutcomes| resampled(key, &outcomes.borrow()).expect("an applicable metric");
    paired_bootstrap(&[(&*of(first), &*of(second))], how).expect("valid systems")
}

proptest! {
    #[test]
    fn a_resample_scores_as_its_examples_written_out(
        (first, _) in systems(1..12),
        picks in vec(0..1000_usize, 1..20),
    ) {
        let n = first.n_examples();
        let drawn = OwnedOutcomes::pick(&first.borrow(), picks.iter().map(|pick| pick % n));
        for key in keys(&first) {
            let fast = resampled(key, &first.borrow()).unwrap().score(&counts_of(&picks, n));
            let slow = match score(key, &drawn.borrow()) {
                // One class alone has no area: it is that of a score that says nothing.
                Err(MetricError::OneClass { .. }) => 0.5,
                slow => slow.unwrap(),
            };
            prop_assert!((fast - slow).abs() < 1e-9, "{key}: {fast} against {slow}");
        }
    }

    #[test]
    fn identical_systems_are_not_significant((first, _) in systems(1..12)) {
        for key in keys(&first) {
            let test = bootstrap(key, &first, &first, &FEW);
            prop_assert_eq!((test.difference, test.p), (0.0, 1.0));
            let options = PermutationOptions { permutations: 50, seed: 1 };
            let swap = swap_test(key, &first.borrow(), &first.borrow(), &options).unwrap();
            prop_assert_eq!(swap.p, 1.0);
        }
    }

    #[test]
    fn swapping_the_systems_mirrors_the_bootstrap((first, second) in systems(2..12)) {
        for key in keys(&first) {
            let (one, other) = (bootstrap(key, &first, &second, &FEW), bootstrap(key, &second, &first, &FEW));
            prop_assert_eq!((one.p, one.difference), (other.p, -other.difference));
            let mirrored = other.interval.negated();
            prop_assert!((one.interval.low - mirrored.low).abs() < 1e-12);
            prop_assert!((one.interval.high - mirrored.high).abs() < 1e-12);
        }
    }

    #[test]
    fn an_interval_that_leaves_out_zero_has_a_small_p((first, second) in systems(2..12)) {
        for key in keys(&first) {
            let test = bootstrap(key, &first, &second, &FEW);
            // Quantiles lie between order statistics, so the two may differ by one resample a side.
            let margin = 4.0 / FEW.resamples as f64;
            if test.interval.contains(0.0) {
                prop_assert!(test.p > 0.05 - margin, "{key}: {test:?}");
            } else {
                prop_assert!(test.p < 0.05 + margin, "{key}: {test:?}");
            }
        }
    }

    #[test]
    fn a_pair_given_twice_changes_nothing((first, second) in systems(2..12)) {
        let key = keys(&first)[0];
        let (a, b) = (resampled(key, &first.borrow()).unwrap(), resampled(key, &second.borrow()).unwrap());
        let once = paired_bootstrap(&[(&*a, &*b)], &FEW).unwrap();
        let twice = paired_bootstrap(&[(&*a, &*b), (&*a, &*b)], &FEW).unwrap();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn threads_do_not_change_bits((first, second) in systems(2..30), threads in 2..5_usize) {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| keys(&first).into_iter().map(|key| bootstrap(key, &first, &second, &FEW)).collect::<Vec<_>>())
        };
        prop_assert_eq!(on(1), on(threads));
    }

    #[test]
    fn mcnemar_sees_only_where_systems_differ(pairs in vec((any::<bool>(), any::<bool>()), 1..60)) {
        let (first, second): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
        let apart: Vec<_> = pairs.into_iter().filter(|(a, b)| a != b).collect();
        prop_assume!(!apart.is_empty());
        let (a, b): (Vec<_>, Vec<_>) = apart.into_iter().unzip();
        prop_assert_eq!(mcnemar(&first, &second), mcnemar(&a, &b));
    }

    #[test]
    fn exact_mcnemar_is_the_sign_flip_of_right_answers(b in 0..7_u64, c in 0..6_u64) {
        prop_assume!(b + c > 0);
        let differences: Vec<f64> = (0..b).map(|_| -1.0).chain((0..c).map(|_| 1.0)).collect();
        let flips = sign_flip_test(&differences, &PermutationOptions::default()).unwrap();
        prop_assert!((Mcnemar::of_counts(b, c).exact_p - flips.p).abs() < 1e-12);
    }

    #[test]
    fn t_does_not_change_with_shift_or_scale(
        values in vec((-8.0..8.0_f64, -8.0..8.0_f64), 2..10),
        shift in -5.0..5.0_f64,
        scale in 0.1..10.0_f64,
    ) {
        let (first, second): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let moved = |values: &[f64]| values.iter().map(|value| scale * value + shift).collect::<Vec<_>>();
        for test in [paired_t, welch_t] {
            let (plain, moved) = (test(&first, &second).unwrap(), test(&moved(&first), &moved(&second)).unwrap());
            prop_assert!((plain.p - moved.p).abs() < 1e-6, "{plain:?} {moved:?}");
        }
    }

    #[test]
    fn holm_never_lowers_a_p_value_and_is_at_least_benjamini_hochberg(p_values in vec(0.0..=1.0_f64, 1..12)) {
        let (by_holm, by_bh) = (holm(&p_values).unwrap(), benjamini_hochberg(&p_values).unwrap());
        for ((&p, &holm), &bh) in p_values.iter().zip(&by_holm).zip(&by_bh) {
            prop_assert!(p <= bh + 1e-15 && bh <= holm + 1e-15 && holm <= 1.0);
        }
    }

    #[test]
    fn adjusting_keeps_the_order(p_values in vec(0.0..=1.0_f64, 2..12)) {
        for adjusted in [holm(&p_values).unwrap(), benjamini_hochberg(&p_values).unwrap()] {
            for i in 0..p_values.len() {
                for j in 0..p_values.len() {
                    prop_assert!(p_values[i] > p_values[j] || adjusted[i] <= adjusted[j]);
                }
            }
        }
    }

    #[test]
    fn a_wilson_interval_holds_its_proportion(trials in 1..500_u64, part in 0.0..=1.0_f64, confidence in 0.5..0.999_f64) {
        let successes = (part * trials as f64).floor() as u64;
        let interval = wilson_interval(successes, trials, confidence).unwrap();
        prop_assert!(interval.contains(successes as f64 / trials as f64));
        prop_assert!(interval.low >= 0.0 && interval.high <= 1.0);
    }

    #[test]
    fn power_grows_with_pairs_and_with_effect(effect in 0.05..2.0_f64, n in 2..60_u64) {
        let power = paired_t_power(effect, n, 0.05).unwrap();
        prop_assert!(paired_t_power(effect, n + 1, 0.05).unwrap() > power - 1e-9);
        prop_assert!(paired_t_power(1.1 * effect, n, 0.05).unwrap() > power - 1e-9);
        prop_assert!((paired_t_power(-effect, n, 0.05).unwrap() - power).abs() < 1e-9);
    }

    #[test]
    fn the_pairs_needed_are_just_enough(effect in 0.05..3.0_f64) {
        let plan = Plan::default();
        let n = pairs_needed(effect, 1.0, &plan).unwrap().unwrap();
        prop_assert!(paired_t_power(effect, n, plan.level).unwrap() >= plan.power);
        prop_assert!(n == 2 || paired_t_power(effect, n - 1, plan.level).unwrap() < plan.power);
    }
}

/// A normal variable of mean 0 and variance 1 (Box and Muller's transform).
fn normal(draws: &Draws, position: u64) -> f64 {
    let uniform = |position| (draws.bits(position) >> 11) as f64 / (1_u64 << 53) as f64;
    let radius = (-2.0 * (1.0 - uniform(2 * position)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(2 * position + 1)).cos()
}

#[test]
fn simulated_t_tests_have_the_planned_power() {
    const RUNS: u64 = 4_000;
    for effect in [0.6, 1.2] {
        let n = pairs_needed(effect, 1.0, &Plan::default()).unwrap().unwrap();
        let seen = (0..RUNS).filter(|&run| {
            let draws = Draws::new(11, run);
            let second: Vec<f64> = (0..n).map(|i| effect + normal(&draws, i)).collect();
            paired_t(&vec![0.0; n as usize], &second).unwrap().p < 0.05
        });
        let (share, planned) = (seen.count() as f64 / RUNS as f64, paired_t_power(effect, n, 0.05).unwrap());
        // Four standard errors of a share of 4,000.
        assert!((share - planned).abs() < 0.026, "{effect}: {share} against {planned}");
    }
}

#[test]
fn simulated_mcnemar_tests_have_about_the_planned_power() {
    const RUNS: u64 = 2_000;
    let (only_first, only_second) = (0.05, 0.12);
    let n = mcnemar_examples_needed(only_first, only_second, &Plan::default()).unwrap().unwrap();
    let seen = (0..RUNS).filter(|&run| {
        let draws = Draws::new(12, run);
        let (mut b, mut c) = (0, 0);
        for example in 0..n {
            let uniform = draws.bits(example) as f64 / u64::MAX as f64;
            b += u64::from(uniform < only_first);
            c += u64::from(uniform > 1.0 - only_second);
        }
        Mcnemar::of_counts(b, c).exact_p < 0.05
    });
    let share = seen.count() as f64 / RUNS as f64;
    // The formula is for the test without continuity correction; the exact one is a little weaker.
    assert!((0.74..0.84).contains(&share), "{n} examples: {share}");
}

#[test]
fn intervals_of_a_known_mean_hold_it_as_often_as_they_say() {
    const RUNS: u64 = 600;
    let how = Bootstrap { resamples: 400, ..Bootstrap::default() };
    let holds = (0..RUNS).filter(|&run| {
        let draws = Draws::new(13, run);
        let values: Vec<f64> = (0..60).map(|i| normal(&draws, i)).collect();
        bootstrap_interval(&Sums::mean(&values), &how).unwrap().interval.contains(0.0)
    });
    let share = holds.count() as f64 / RUNS as f64;
    // Percentile intervals of 60 values are a little narrow.
    assert!((0.91..0.98).contains(&share), "{share}");
}
