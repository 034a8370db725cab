//! Laws of samplers, curricula and passes.

use std::collections::BTreeMap;

use mtl_base::Value;
use mtl_curriculum::sampler::{Moment, ROWS, Setup};
use mtl_curriculum::{
    Curriculum, CurriculumState, Draw, Event, Freed, Horizon, Length, Open, Passes, PassesState, Sampler,
    SamplerConfig, SamplerState, Score, Stage, StreamId, StreamInfo, TaskId, Unit,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Every registered sampler.
fn samplers() -> impl Strategy<Value = SamplerConfig> {
    let all: Vec<SamplerConfig> = ROWS.iter().map(|row| row.method.name.parse().unwrap()).collect();
    proptest::sample::select(all)
}

fn units() -> impl Strategy<Value = Unit> {
    proptest::sample::select(Unit::ALL)
}

fn freed() -> impl Strategy<Value = Freed> {
    proptest::sample::select(Freed::ALL)
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1_usize..40, 1..6)
}

/// What a checkpoint does to a state.
fn saved<S: Serialize + DeserializeOwned>(state: S) -> S {
    serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap()
}

fn temperature(temperature: f64, cap: Option<f64>) -> SamplerConfig {
    let cap = cap.map(|cap| ("cap".to_owned(), Value::Number(cap)));
    let given = [("temperature".to_owned(), Value::Number(temperature))].into_iter().chain(cap).collect();
    SamplerConfig::new("temperature", given).unwrap()
}

fn build(config: &SamplerConfig, seed: u64, sizes: &[usize], per_draw: usize) -> Box<dyn Sampler> {
    let (streams, horizon) = (StreamInfo::one_per_task(sizes), Horizon { steps: 60, per_epoch: 20 });
    config.build(&Setup::new(seed, per_draw, &streams, horizon).unwrap())
}

/// The draws of the steps that follow a step.
fn draws(sampler: &mut dyn Sampler, from: u64, count: u64, open: &Open) -> Vec<Draw> {
    (from..from + count).map(|step| sampler.draw(&Moment { step, open })).collect()
}

/// One stage of all tasks.
fn curriculum(
    sampler: &SamplerConfig,
    unit: Unit,
    batch: usize,
    sizes: &[usize],
    seed: u64,
    freed: Freed,
) -> Curriculum {
    let streams = StreamInfo::one_per_task(sizes);
    let stage = Stage::of_all(&streams, sampler.clone(), unit, Length::Epochs(3));
    Curriculum::new(vec![stage], batch, streams, seed, freed).unwrap()
}

/// Two stages: of the first task alone, then of all.
fn two_stages(sampler: &SamplerConfig, unit: Unit, batch: usize, sizes: &[usize], seed: u64) -> Curriculum {
    let streams = StreamInfo::one_per_task(sizes);
    let all = Stage::of_all(&streams, sampler.clone(), unit, Length::Epochs(2));
    let first = Stage { tasks: vec![TaskId(0)], length: Length::Steps(7), ..all.clone() };
    Curriculum::new(vec![first, all], batch, streams, seed, Freed::Others).unwrap()
}

/// A step with what a session tells of it.
fn told_step(curriculum: &mut Curriculum, step: u64, n_tasks: usize) -> mtl_curriculum::Step {
    let drawn = curriculum.next_step();
    let losses: Vec<Option<f64>> =
        (0..n_tasks).map(|task| Some((task as f64 + 1.0) / (step as f64 + 1.0))).collect();
    curriculum.event(&Event::Losses { step, losses: &losses });
    if step % 5 == 4 {
        let scores: Vec<Score> =
            (0..n_tasks).map(|task| Score { value: task as f64 / 7.0, higher_is_better: true }).collect();
        let losses: Vec<f64> = losses.into_iter().flatten().collect();
        curriculum.event(&Event::Evaluation { step, scores: &scores, losses: &losses });
    }
    drawn
}

proptest! {
    #[test]
    fn every_example_once_per_pass(seed: u64, stream in 0_usize..9, size in 1_usize..200, n_passes in 1..4) {
        let mut passes = Passes::new(seed, StreamId(stream), size).unwrap();
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
        let mut sampler = build(&"round-robin-random".parse().unwrap(), seed, &sizes, per_draw);
        for _ in 0..n_epochs {
            let n_draws: usize = sizes.iter().map(|size| size.div_ceil(per_draw)).sum();
            let draws = draws(sampler.as_mut(), 0, n_draws as u64, &Open::all(sizes.len()));
            for (stream, &size) in sizes.iter().enumerate() {
                let counts: Vec<usize> =
                    draws.iter().filter(|draw| draw.stream.0 == stream).map(|draw| draw.count).collect();
                prop_assert_eq!(counts.len(), size.div_ceil(per_draw));
                prop_assert_eq!(counts.iter().sum::<usize>(), size);
                prop_assert!(counts[..counts.len() - 1].iter().all(|&count| count == per_draw));
            }
        }
    }

    #[test]
    fn round_robin_random_shows_every_example_once_per_epoch(seed: u64, sizes in sizes(), batch in 1_usize..9) {
        let sampler = "round-robin-random".parse().unwrap();
        let mut steps = curriculum(&sampler, Unit::Batch, batch, &sizes, seed, Freed::Others);
        let mut passes: Vec<Passes> = sizes
            .iter()
            .enumerate()
            .map(|(stream, &size)| Passes::new(seed, StreamId(stream), size).unwrap())
            .collect();
        for _ in 0..2 {
            let mut shown: Vec<Vec<usize>> = sizes.iter().map(|&size| vec![0; size]).collect();
            for _ in 0..steps.per_epoch() {
                for Draw { stream, count } in steps.next_step().draws {
                    for example in passes[stream.0].take(count) {
                        shown[stream.0][example] += 1;
                    }
                }
            }
            prop_assert!(shown.iter().flatten().all(|&times| times == 1));
        }
    }

    #[test]
    fn every_sampler_resumes_to_the_same_bits(
        config in samplers(), seed: u64, sizes in sizes(), per_draw in 1_usize..9, before in 0_u64..150
    ) {
        let open = Open::all(sizes.len());
        let mut whole = build(&config, seed, &sizes, per_draw);
        draws(whole.as_mut(), 0, before, &open);
        let state: SamplerState = saved(whole.state());
        let mut resumed = build(&config, seed, &sizes, per_draw);
        resumed.restore(&state).unwrap();
        prop_assert_eq!(
            draws(resumed.as_mut(), before, 100, &open),
            draws(whole.as_mut(), before, 100, &open)
        );
        prop_assert_eq!(resumed.state(), whole.state());
    }

    #[test]
    fn a_resumed_curriculum_continues_to_the_same_bits(
        config in samplers(), unit in units(), seed: u64, sizes in sizes(), share in 1_usize..4, before in 0_u64..50,
        stops in any::<bool>()
    ) {
        let (batch, n_tasks) = (share * sizes.len(), sizes.len());
        let new = || two_stages(&config, unit, batch, &sizes, seed);
        let mut whole = new();
        for step in 0..before {
            told_step(&mut whole, step, n_tasks);
            if stops && step == before / 2 {
                whole.stop(TaskId(n_tasks - 1));
            }
        }
        let state: CurriculumState = saved(whole.state());
        let mut resumed = new();
        resumed.restore(&state).unwrap();
        for step in before..before + 50 {
            prop_assert_eq!(resumed.ends_epoch(), whole.ends_epoch());
            prop_assert_eq!(told_step(&mut resumed, step, n_tasks), told_step(&mut whole, step, n_tasks));
        }
        prop_assert_eq!(resumed.state(), whole.state());
    }

    #[test]
    fn resumed_passes_continue_the_sequence(seed: u64, size in 1_usize..60, before in 0_usize..200) {
        let mut whole = Passes::new(seed, StreamId(1), size).unwrap();
        whole.take(before);
        let state: PassesState = saved(whole.state());
        let mut resumed = Passes::new(seed, StreamId(1), size).unwrap();
        resumed.restore(state);
        prop_assert_eq!(resumed.take(100), whole.take(100));
    }

    #[test]
    fn probabilities_sum_to_one(
        config in samplers(), unit in units(), freed in freed(), sizes in sizes(), share in 1_usize..4,
        steps in 0_usize..100, stopped in 0_usize..5
    ) {
        let mut curriculum = curriculum(&config, unit, share * sizes.len(), &sizes, 0, freed);
        (0..steps).for_each(|_| drop(curriculum.next_step()));
        if stopped + 1 < sizes.len() {
            curriculum.stop(TaskId(stopped));
            prop_assert_eq!(curriculum.probabilities()[stopped], 0.0);
        }
        let probabilities = curriculum.probabilities();
        let sum: f64 = probabilities.iter().sum();
        prop_assert!((sum - 1.0).abs() < 1e-9, "sum {}", sum);
        prop_assert!(probabilities.iter().all(|&probability| probability >= 0.0));
    }

    #[test]
    fn a_stopped_task_leaves_the_odds_of_the_others_as_they_are(
        config in samplers(), sizes in proptest::collection::vec(1_usize..40, 3..6), step in 0_u64..60
    ) {
        prop_assume!(config.name() != "round-robin");
        let sampler = build(&config, 0, &sizes, 1);
        let streams = StreamInfo::one_per_task(&sizes);
        let others = Open::those(&streams, |stream| stream.tasks[0] != TaskId(0));
        let before = sampler.probabilities(&Moment { step, open: &Open::all(sizes.len()) });
        let after = sampler.probabilities(&Moment { step, open: &others });
        prop_assert_eq!(after[0], 0.0);
        for stream in 1..sizes.len() {
            let expected = before[stream] / (1.0 - before[0]);
            prop_assert!((after[stream] - expected).abs() < 1e-9, "{} {}", after[stream], expected);
        }
    }

    #[test]
    fn temperature_one_equals_proportional(seed: u64, sizes in sizes()) {
        let open = Open::all(sizes.len());
        let mut one = build(&temperature(1.0, None), seed, &sizes, 1);
        let mut proportional = build(&"proportional".parse().unwrap(), seed, &sizes, 1);
        let moment = Moment { step: 0, open: &open };
        let pairs = one.probabilities(&moment).into_iter().zip(proportional.probabilities(&moment));
        for (one, proportional) in pairs {
            prop_assert!((one - proportional).abs() < 1e-12);
        }
        // Both spread the same random number over the same shares.
        prop_assert_eq!(
            draws(one.as_mut(), 0, 100, &open),
            draws(proportional.as_mut(), 0, 100, &open)
        );
    }

    #[test]
    fn a_cap_below_every_size_is_uniform(sizes in sizes(), degrees in 0.1_f64..20.0) {
        let least = *sizes.iter().min().unwrap() as f64;
        let capped = build(&temperature(degrees, Some(least)), 0, &sizes, 1);
        for probability in capped.probabilities(&Moment { step: 0, open: &Open::all(sizes.len()) }) {
            prop_assert!((probability - 1.0 / sizes.len() as f64).abs() < 1e-12);
        }
    }

    #[test]
    fn a_higher_temperature_favours_the_smaller_task(
        small in 1_usize..40, more in 1_usize..1000, low in 0.1_f64..10.0, higher in 0.1_f64..10.0
    ) {
        let sizes = [small, small + more];
        let of = |degrees| {
            let sampler = build(&temperature(degrees, None), 0, &sizes, 1);
            sampler.probabilities(&Moment { step: 0, open: &Open::all(2) })[0]
        };
        prop_assert!(of(low + higher) >= of(low) && of(low) <= 0.5);
    }

    #[test]
    fn annealing_ends_where_its_paper_says(sizes in sizes(), beyond in 0_u64..100) {
        let at = |name: &str, step| {
            let sampler = build(&name.parse().unwrap(), 0, &sizes, 1);
            sampler.probabilities(&Moment { step, open: &Open::all(sizes.len()) })
        };
        let proportional = at("proportional", 0);
        let fifth = {
            let given = BTreeMap::from([("exponent".to_owned(), Value::Number(0.2))]);
            let sampler = build(&SamplerConfig::new("power", given).unwrap(), 0, &sizes, 1);
            sampler.probabilities(&Moment { step: 0, open: &Open::all(sizes.len()) })
        };
        let near = |left: &[f64], right: &[f64]| left.iter().zip(right).all(|(l, r)| (l - r).abs() < 1e-12);
        // Three epochs of twenty steps.
        for (name, last) in [("annealed", &fifth), ("annealed-uniform", &at("uniform", 0))] {
            prop_assert!(near(&at(name, 0), &proportional));
            prop_assert!(near(&at(name, 19), &proportional));
            prop_assert!(near(&at(name, 40 + beyond), last), "{}", name);
        }
    }

    #[test]
    fn steps_are_full(
        config in samplers(), unit in units(), seed: u64, sizes in sizes(), share in 1_usize..4, stopped in 0_usize..5
    ) {
        let batch = share * sizes.len();
        let mut curriculum = curriculum(&config, unit, batch, &sizes, seed, Freed::Others);
        let may_be_smaller = config.name() == "round-robin-random" && unit == Unit::Batch;
        if stopped + 1 < sizes.len() {
            curriculum.stop(TaskId(stopped));
        }
        for _ in 0..50 {
            let step = curriculum.next_step().draws;
            let drawn: usize = step.iter().map(|draw| draw.count).sum();
            prop_assert!(drawn == batch || (may_be_smaller && (1..batch).contains(&drawn)));
            prop_assert!(step.windows(2).all(|pair| pair[0].stream < pair[1].stream));
            prop_assert!(stopped + 1 >= sizes.len() || step.iter().all(|draw| draw.stream.0 != stopped));
        }
    }

    #[test]
    fn without_others_to_get_it_what_a_stopped_task_leaves_is_dropped(
        config in samplers(), unit in units(), seed: u64, sizes in sizes(), share in 1_usize..4
    ) {
        let batch = share * sizes.len();
        let mut whole = curriculum(&config, unit, batch, &sizes, seed, Freed::Nothing);
        let mut stopped = curriculum(&config, unit, batch, &sizes, seed, Freed::Nothing);
        stopped.stop(TaskId(0));
        for _ in 0..50 {
            let mut expected = whole.next_step().draws;
            expected.retain(|draw| draw.stream != StreamId(0));
            prop_assert_eq!(stopped.next_step().draws, expected);
        }
    }

    #[test]
    fn every_task_shares_alike(config in samplers(), seed: u64, sizes in sizes(), share in 1_usize..9) {
        let mut curriculum =
            curriculum(&config, Unit::EveryTask, share * sizes.len(), &sizes, seed, Freed::Others);
        let expected: Vec<Draw> =
            (0..sizes.len()).map(|stream| Draw { stream: StreamId(stream), count: share }).collect();
        prop_assert_eq!(curriculum.next_step().draws, expected);
    }
}

/// Pearson's chi-square of 20,000 draws against the expected ones.
fn chi_square(name: &str, sizes: &[usize], seed: u64) -> f64 {
    const DRAWS: u64 = 20_000;
    let mut sampler = build(&name.parse().unwrap(), seed, sizes, 1);
    let open = Open::all(sizes.len());
    let moment = Moment { step: 0, open: &open };
    let mut counts = vec![0.0; sizes.len()];
    for _ in 0..DRAWS {
        counts[sampler.draw(&moment).stream.0] += 1.0;
    }
    let expected = sampler.probabilities(&moment).into_iter().map(|probability| probability * DRAWS as f64);
    counts.iter().zip(expected).map(|(count, expected)| f64::powi(count - expected, 2) / expected).sum()
}

// With 3 degrees of freedom, chi-square exceeds 16.27 with probability 0.001; the seeds are fixed.
const CHI_SQUARE_BOUND: f64 = 16.27;

#[test]
fn proportional_frequencies_match_sizes() {
    for seed in 0..20 {
        let chi_square = chi_square("proportional", &[5749, 10_000, 12_543, 3394], seed);
        assert!(chi_square < CHI_SQUARE_BOUND, "seed {seed}: chi-square {chi_square}");
    }
}

#[test]
fn uniform_frequencies_match_whatever_the_sizes() {
    for seed in 0..20 {
        let chi_square = chi_square("uniform", &[1, 10, 100, 100_000], seed);
        assert!(chi_square < CHI_SQUARE_BOUND, "seed {seed}: chi-square {chi_square}");
    }
}

#[test]
fn temperature_frequencies_match_powers_of_the_sizes() {
    for seed in 0..20 {
        for name in ["temperature", "power", "annealed"] {
            let chi_square = chi_square(name, &[5749, 10_000, 12_543, 394], seed);
            assert!(chi_square < CHI_SQUARE_BOUND, "{name}, seed {seed}: chi-square {chi_square}");
        }
    }
}
