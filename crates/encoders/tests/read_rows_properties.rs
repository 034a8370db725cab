//! Laws of an encoder that makes only what heads read: the same values, and the same gradients.

mod common;

use common::{shaken, small};
use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::{
    Activation, Encoded, Encoder, Float, Gradients, Hooks, Init, Linear, Loss, Module, Pack,
    PerTaskGradients, ReadRows, Reads, Real, Seed, Tape, Tensor, WalkPlan, bf16,
};
use mtl_encoders::{Bert, BertConfig};
use proptest::prelude::*;

type SmallBert<M> = Bert<usize, usize, M, Cpu>;

const HIDDEN: usize = 40;
const FORM: BertConfig = small(HIDDEN, 72);

fn model<M: Real>(seed: u64, checkpoint: bool) -> SmallBert<M> {
    let mut bert = shaken(&FORM, &Init::new(seed));
    bert.set_checkpoint_layers(checkpoint);
    bert
}

/// Six sequences of task 0 and 1 in turns.
fn pack() -> Pack {
    common::pack(&[0, 1, 0, 1, 0, 1].map(|task| vec![task]))
}

/// Some rows of tokens and some sequences, at least one of either kind. Neither sorted nor each once.
fn rows() -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
    let tokens = pack().tokens() as u32;
    let some = |most| proptest::collection::vec(0..most, 0..12);
    (some(tokens), some(6))
        .prop_filter("something is read", |(tokens, sequences)| !tokens.is_empty() || !sequences.is_empty())
}

fn read((tokens, sequences): &(Vec<u32>, Vec<u32>)) -> ReadRows {
    ReadRows::new().with(Reads::Tokens, tokens).with(Reads::Sequences, sequences)
}

/// What heads read of an encoder's whole output, and what it makes of it alone.
fn both_ways<E: Float>(
    bert: &SmallBert<E::Master>,
    read: &ReadRows,
    (whole, part): (&mut Tape<E, Cpu>, &mut Tape<E, Cpu>),
) -> [Encoded<usize, E, Cpu>; 2] {
    let all = bert.encode(whole, &pack(), Hooks::NONE).expect("encodes");
    let tokens = whole.gather_rows(&all.tokens, read.rows(Reads::Tokens)).expect("rows");
    let sequences = whole.gather_rows(&all.sequences, read.rows(Reads::Sequences)).expect("rows");
    [Encoded { tokens, sequences }, bert.encode_read(part, &pack(), read, Hooks::NONE).expect("encodes")]
}

fn has_the_same_values<E: Float>(seed: u64, read: &ReadRows) {
    let bert = model::<E::Master>(seed, false);
    let mut tapes = [0, 1].map(|_| Tape::<E, _>::training(&Cpu, seed, 3));
    let [whole, part] = &mut tapes;
    let [all, some] = both_ways(&bert, read, (whole, part));
    assert_eq!(some.tokens.to_vec(), all.tokens.to_vec(), "tokens in {}", E::DTYPE);
    assert_eq!(some.sequences.to_vec(), all.sequences.to_vec(), "sequences in {}", E::DTYPE);
}

/// A loss of the rows that task 0 and task 1 read, as far as there are some.
fn losses(tape: &mut Tape<f64, Cpu>, encoded: &Encoded<usize, f64, Cpu>) -> Vec<(u32, Loss)> {
    let init = Init::new(7);
    let mut losses = Vec::new();
    for (kind, states) in [("tokens", &encoded.tokens), ("sequences", &encoded.sequences)] {
        let owners = states.rows().expect("rows have owners").owners().to_vec();
        for task in 0..2 {
            let of_task = |row: &u32| owners[*row as usize] % 2 == task;
            let rows: Vec<u32> = (0..owners.len() as u32).filter(of_task).collect();
            if rows.is_empty() {
                continue;
            }
            let weights = init.normal::<f64>(&format!("{kind}.{task}"), 3 * HIDDEN, 0.5);
            let head: Linear<usize, usize, f64, Cpu> =
                Linear::new(Tensor::from_slice(&Cpu, (3, HIDDEN), &weights).expect("sizes"));
            let chosen = tape.gather_rows(states, &rows).expect("rows");
            let logits = tape.linear(&chosen, &head, Activation::None).expect("fits");
            let classes: Vec<u32> = rows.iter().map(|row| owners[*row as usize] % 3).collect();
            losses.push((task, tape.cross_entropy(&logits, &classes, 0.0, 5.0).expect("classes")));
        }
    }
    losses
}

/// Every gradient of the encoder; zeros where there is none.
fn dense(bert: &mut SmallBert<f64>, gradients: &Gradients<f64, Cpu>) -> Vec<f64> {
    let mut all = Vec::new();
    bert.visit(&mut |_, view| {
        let len = view.sizes.iter().product();
        let zeros = || vec![0.0; len];
        all.extend(gradients.get(view.id).map_or_else(zeros, |gradient| gradient.to_dense(&Cpu, len)));
    });
    all
}

fn assert_close(a: &[f64], b: &[f64]) {
    let largest = b.iter().fold(0.0, |max: f64, x| max.max(x.abs()));
    assert!(largest > 1e-3, "there is something to compare: {largest}");
    let difference = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(difference <= 1e-12 * largest, "{difference} of {largest}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_read_is_the_same_to_the_bit(rows in rows(), seed in 0u64..1000) {
        has_the_same_values::<f32>(seed, &read(&rows));
        has_the_same_values::<bf16>(seed, &read(&rows));
    }

    #[test]
    fn gradients_are_those_of_the_whole_output_by_task_too(rows in rows(), seed in 0u64..1000, checkpoint: bool) {
        let mut bert = model::<f64>(seed, checkpoint);
        let mut tapes = [0, 1].map(|_| Tape::<f64, _>::training(&Cpu, seed, 3));
        let [whole, part] = &mut tapes;
        let encoded = both_ways(&bert, &read(&rows), (whole, part));
        let task_of = pack().single_tasks().expect("one task each");
        let found: Vec<_> = tapes.iter_mut().zip(&encoded).map(|(tape, encoded)| {
            let seeds = |tape: &mut Tape<f64, Cpu>| -> Vec<_> {
                losses(tape, encoded).iter().map(|(_, loss)| Seed::loss(loss, 1.0).expect("recorded")).collect()
            };
            let (sum, apart) = (seeds(tape), seeds(tape));
            let (mut together, mut by_task) = (Gradients::new(), PerTaskGradients::new(2));
            tape.walk(WalkPlan { seeds: sum, stop_at: &[], split: None, last: false }, &mut together).expect("walks");
            tape.walk(WalkPlan { seeds: apart, stop_at: &[], split: Some(&task_of), last: true }, &mut by_task)
                .expect("walks");
            let tasks = by_task.tasks.iter().map(|gradients| dense(&mut bert, gradients)).collect::<Vec<_>>().concat();
            (dense(&mut bert, &together), tasks)
        }).collect();
        assert_close(&found[1].0, &found[0].0);
        assert_close(&found[1].1, &found[0].1);
    }
}

#[test]
fn rows_are_kept_ascending_and_once_and_know_their_places() {
    let read = ReadRows::new().with(Reads::Tokens, &[7, 2, 7]).with(Reads::Tokens, &[3]);
    assert_eq!(read.rows(Reads::Tokens), [2, 3, 7]);
    assert_eq!(read.places(Reads::Tokens, &[7, 7, 2]), [2, 2, 0]);
    assert!(read.rows(Reads::Sequences).is_empty());
}

#[test]
fn a_row_that_the_pack_has_not_is_an_error() {
    let bert = model::<f32>(1, false);
    for (reads, row) in [(Reads::Tokens, 99), (Reads::Sequences, 6)] {
        let mut tape = Tape::<f32, _>::inference(&Cpu);
        let read = ReadRows::new().with(reads, &[row]);
        let error = bert.encode_read(&mut tape, &pack(), &read, Hooks::NONE).expect_err("no such row");
        assert!(error.to_string().contains(&row.to_string()), "{error}");
    }
}
