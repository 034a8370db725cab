//! Laws of samplers, steps and passes.

use mtl_curriculum::{Draw, Passes, PassesState, SamplerKind, SamplerState, Steps, StepsState, Unit};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn kinds() -> impl Strategy<Value = SamplerKind> {
    proptest::sample::select(SamplerKind::ALL)
}

fn units() -> impl Strategy<Value = Unit> {
    proptest::sample::select(Unit::ALL)
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1_usize..40, 1..6)
}

/// What a checkpoint does to a state.
fn saved<S: Serialize + DeserializeOwned>(state: S) -> S {
    serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn every_example_once_per_pass(seed: u64, task_idx in 0_usize..9, size in 1_usize..200, n_passes in 1..4) {
        let mut passes = Passes::new(seed, task_idx, size).unwrap();
        for _ in 0..n_passes {
            let mut pass = passes.take(size);
            pass.sort_unstable();
            prop_assert_eq!(pass, (0..size).collect::<Vec<_>>());
        }
    }

    #[test]
    fn round_robin_random_draws_every_batch_once_per_epoch(
        seed: u64, sizes in sizes(), per_draw in 1_usize..9, n_epochs in 1..4
    ) {
        let mut sampler = SamplerKind::RoundRobinRandom.build(seed, &sizes, per_draw).unwrap();
        for _ in 0..n_epochs {
            let n_draws: usize = sizes.iter().map(|size| size.div_ceil(per_draw)).sum();
            let draws: Vec<Draw> = (0..n_draws).map(|_| sampler.draw()).collect();
            for (task_idx, &size) in sizes.iter().enumerate() {
                let counts: Vec<usize> =
                    draws.iter().filter(|draw| draw.task_idx == task_idx).map(|draw| draw.count).collect();
                prop_assert_eq!(counts.len(), size.div_ceil(per_draw));
                prop_assert_eq!(counts.iter().sum::<usize>(), size);
                prop_assert!(counts[..counts.len() - 1].iter().all(|&count| count == per_draw));
            }
        }
    }

    #[test]
    fn round_robin_random_shows_every_example_once_per_epoch(seed: u64, sizes in sizes(), batch in 1_usize..9) {
        let mut steps = Steps::new(SamplerKind::RoundRobinRandom, Unit::Batch, batch, &sizes, seed).unwrap();
        let mut passes: Vec<Passes> =
            sizes.iter().enumerate().map(|(task_idx, &size)| Passes::new(seed, task_idx, size).unwrap()).collect();
        for _ in 0..2 {
            let mut shown: Vec<Vec<usize>> = sizes.iter().map(|&size| vec![0; size]).collect();
            for _ in 0..steps.per_epoch() {
                for Draw { task_idx, count } in steps.next_step() {
                    for example in passes[task_idx].take(count) {
                        shown[task_idx][example] += 1;
                    }
                }
            }
            prop_assert!(shown.iter().flatten().all(|&times| times == 1));
        }
    }

    #[test]
    fn resume_continues_the_sequence(
        kind in kinds(), seed: u64, sizes in sizes(), per_draw in 1_usize..9, before in 0_usize..150
    ) {
        let mut whole = kind.build(seed, &sizes, per_draw).unwrap();
        for _ in 0..before {
            whole.draw();
        }
        let state: SamplerState = saved(whole.state());
        let mut resumed = kind.build(seed, &sizes, per_draw).unwrap();
        resumed.restore(state);
        for _ in 0..100 {
            prop_assert_eq!(resumed.draw(), whole.draw());
        }
    }

    #[test]
    fn resumed_steps_continue_the_sequence(
        kind in kinds(), unit in units(), seed: u64, sizes in sizes(), share in 1_usize..4, before in 0_usize..50
    ) {
        let batch = share * sizes.len();
        let mut whole = Steps::new(kind, unit, batch, &sizes, seed).unwrap();
        for _ in 0..before {
            whole.next_step();
        }
        let state: StepsState = saved(whole.state());
        let mut resumed = Steps::new(kind, unit, batch, &sizes, seed).unwrap();
        resumed.restore(state);
        for _ in 0..50 {
            prop_assert_eq!(resumed.next_step(), whole.next_step());
        }
        prop_assert_eq!(resumed.state(), whole.state());
    }

    #[test]
    fn resumed_passes_continue_the_sequence(seed: u64, size in 1_usize..60, before in 0_usize..200) {
        let mut whole = Passes::new(seed, 1, size).unwrap();
        whole.take(before);
        let state: PassesState = saved(whole.state());
        let mut resumed = Passes::new(seed, 1, size).unwrap();
        resumed.restore(state);
        prop_assert_eq!(resumed.take(100), whole.take(100));
    }

    #[test]
    fn probabilities_sum_to_one(
        kind in kinds(), unit in units(), sizes in sizes(), share in 1_usize..4, step in 0_u64..100
    ) {
        let steps = Steps::new(kind, unit, share * sizes.len(), &sizes, 0).unwrap();
        let sum: f64 = steps.probabilities(step).iter().sum();
        prop_assert!((sum - 1.0).abs() < 1e-9, "sum {}", sum);
    }

    #[test]
    fn steps_are_full(kind in kinds(), unit in units(), seed: u64, sizes in sizes(), share in 1_usize..4) {
        let batch = share * sizes.len();
        let mut steps = Steps::new(kind, unit, batch, &sizes, seed).unwrap();
        let may_be_smaller = kind == SamplerKind::RoundRobinRandom && unit == Unit::Batch;
        for _ in 0..50 {
            let step = steps.next_step();
            let drawn: usize = step.iter().map(|draw| draw.count).sum();
            prop_assert!(drawn == batch || (may_be_smaller && (1..batch).contains(&drawn)));
            prop_assert!(step.windows(2).all(|pair| pair[0].task_idx < pair[1].task_idx));
        }
    }

    #[test]
    fn every_task_shares_alike(kind in kinds(), seed: u64, sizes in sizes(), share in 1_usize..9) {
        let mut steps = Steps::new(kind, Unit::EveryTask, share * sizes.len(), &sizes, seed).unwrap();
        let expected: Vec<Draw> = (0..sizes.len()).map(|task_idx| Draw { task_idx, count: share }).collect();
        prop_assert_eq!(steps.next_step(), expected);
    }
}

/// Pearson's chi-square of 20,000 draws against the expected ones.
fn chi_square(kind: SamplerKind, sizes: &[usize], seed: u64) -> f64 {
    const DRAWS: u64 = 20_000;
    let mut sampler = kind.build(seed, sizes, 1).unwrap();
    let mut counts = vec![0.0; sizes.len()];
    for _ in 0..DRAWS {
        counts[sampler.draw().task_idx] += 1.0;
    }
    let expected = sampler.expected_draws(DRAWS);
    counts.iter().zip(expected).map(|(count, expected)| f64::powi(count - expected, 2) / expected).sum()
}

// With 3 degrees of freedom, chi-square exceeds 16.27 with probability 0.001; the seeds are fixed.
const CHI_SQUARE_BOUND: f64 = 16.27;

#[test]
fn proportional_frequencies_match_sizes() {
    for seed in 0..20 {
        let chi_square = chi_square(SamplerKind::Proportional, &[5749, 10_000, 12_543, 3394], seed);
        assert!(chi_square < CHI_SQUARE_BOUND, "seed {seed}: chi-square {chi_square}");
    }
}

#[test]
fn uniform_frequencies_match_whatever_the_sizes() {
    for seed in 0..20 {
        let chi_square = chi_square(SamplerKind::Uniform, &[1, 10, 100, 100_000], seed);
        assert!(chi_square < CHI_SQUARE_BOUND, "seed {seed}: chi-square {chi_square}");
    }
}
