//! The same bits at any number of threads, and the same draws wherever a sequence lies, on each path that this processor
//! has.

mod common;

use common::run_on_lesser_paths;
use common::small::{Small, pack_of, push};
use mtl_core_tensor::optim::{AdamW, AdamWConfig, Optimizer, StateTensor, global_norm};
use mtl_core_tensor::{Cpu, Float, Gradients, Loss, Module, Pack, Real, Tape, WalkPlan, bf16};
use rayon::ThreadPoolBuilder;

/// Everything that a step changes: losses, norms, parameters and the optimizer's state.
#[derive(Debug, PartialEq)]
struct After<M: Real> {
    losses: Vec<f64>,
    norms: Vec<f64>,
    parameters: Vec<Vec<M>>,
    state: Vec<StateTensor<M>>,
}

/// Two steps over packs of enough rows to be cut into many chunks.
fn two_steps<E: Float>() -> After<E::Master> {
    let model = Small::<E::Master, _>::new(&Cpu, 48, 2, 2, 0.1);
    let mut optimizer = AdamW::new(AdamWConfig::new(0.01)).expect("settings in range");
    let (mut losses, mut norms) = (Vec::new(), Vec::new());
    for step in 0..2 {
        let sequences: Vec<_> = (0..40).map(|i| (1 + (i * 17 + step * 5) % 60, vec![i as u32 % 2])).collect();
        let pack = pack_of(&sequences);
        let mut tape = Tape::<E, _>::training(&Cpu, 3, step as u64);
        let states = model.encode(&mut tape, &pack).expect("the encoder runs");
        let mut task = |t| {
            let loss = model.task_loss(&mut tape, states.last().expect("an output"), &pack, t);
            loss.expect("the head runs").expect("the task has sequences")
        };
        let step_losses: [Loss; 2] = [task(0), task(1)];
        losses.extend(step_losses.map(|loss| loss.value));
        let mut gradients = Gradients::new();
        let plan = WalkPlan::only(&step_losses.map(|loss| (loss, 0.5))).expect("recorded");
        tape.walk(plan, &mut gradients).expect("the walk runs");
        let norm = global_norm(&Cpu, &gradients);
        norms.push(norm);
        optimizer.step(&model, &gradients, 1e-3, (0.1 / norm).min(1.0));
    }
    let mut parameters = Vec::new();
    model.visit(&mut |_, view| parameters.push(view.to_vec()));
    let state = optimizer.state(&model);
    After { losses, norms, parameters, state }
}

fn bits_do_not_depend_on_threads<E: Float>() {
    let on = |threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        pool.install(two_steps::<E>)
    };
    let one = on(1);
    assert!(one.losses.iter().chain(&one.norms).all(|x| x.is_finite()), "{:?} {:?}", one.losses, one.norms);
    assert!(one.norms.iter().all(|&norm| norm > 0.1), "clipping takes part: {:?}", one.norms);
    for threads in [2, 3] {
        assert!(on(threads) == one, "{threads} threads give other bits than one");
    }
}

#[test]
fn bits_do_not_depend_on_threads_in_f32() {
    bits_do_not_depend_on_threads::<f32>();
}

#[test]
fn bits_do_not_depend_on_threads_in_bf16() {
    bits_do_not_depend_on_threads::<bf16>();
}

/// The last hidden states of each sequence, by its number.
fn states_by_number<E: Float>(model: &Small<E::Master, Cpu>, packs: &[Pack]) -> Vec<(u32, Vec<E>)> {
    let mut all = Vec::new();
    for pack in packs {
        let mut tape = Tape::<E, _>::training(&Cpu, 9, 4);
        let states = model.encode(&mut tape, pack).expect("the encoder runs");
        let values = states.last().expect("an output").to_vec();
        let hidden = values.len() / pack.tokens();
        let of = |s: usize| values[pack.range(s).start * hidden..pack.range(s).end * hidden].to_vec();
        all.extend((0..pack.sequences()).map(|s| (pack.numbers[s], of(s))));
    }
    all.sort_by_key(|(number, _)| *number);
    all
}

fn draws_do_not_depend_on_the_pack<E: Float>() {
    let model = Small::<E::Master, _>::new(&Cpu, 24, 2, 1, 0.3);
    let lengths: Vec<usize> = (0..24).map(|i| 1 + i * 19 % 33).collect();
    let lay = |numbers: &[u32]| {
        let mut pack = Pack::new();
        numbers.iter().for_each(|&n| push(&mut pack, lengths[n as usize], n, vec![0]));
        pack
    };
    let numbers: Vec<u32> = (0..24).collect();
    let turned: Vec<u32> = numbers.iter().rev().copied().collect();
    let shuffled: Vec<u32> = numbers.iter().map(|n| n * 7 % 24).collect();
    let together = states_by_number::<E>(&model, &[lay(&numbers)]);
    let undropped = {
        let mut tape = Tape::<E, _>::recording(&Cpu);
        let states = model.encode(&mut tape, &lay(&numbers[..1])).expect("the encoder runs");
        states.last().expect("an output").to_vec()
    };
    assert!(together[0].1 != undropped, "dropout takes part");
    assert!(states_by_number::<E>(&model, &[lay(&turned)]) == together, "laid in another order");
    let split = [lay(&shuffled[..5]), lay(&shuffled[5..])];
    assert!(states_by_number::<E>(&model, &split) == together, "laid into two packs");
}

#[test]
fn draws_do_not_depend_on_the_pack_in_f32() {
    draws_do_not_depend_on_the_pack::<f32>();
}

#[test]
fn draws_do_not_depend_on_the_pack_in_bf16() {
    draws_do_not_depend_on_the_pack::<bf16>();
}

#[test]
fn draws_do_not_depend_on_the_pack_in_f64() {
    draws_do_not_depend_on_the_pack::<f64>();
}

#[test]
fn lesser_paths_are_as_exact() {
    run_on_lesser_paths("lesser_paths_are_as_exact");
}
