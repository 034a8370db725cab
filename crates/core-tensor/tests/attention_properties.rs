//! Laws of attention over random packs.

use mtl_core_tensor::Cpu;
use mtl_core_tensor::device::{AttentionDropout, AttentionOps, AttentionShape, Memory};
use mtl_core_tensor::element::{Float, bf16};
use mtl_core_tensor::kernels::random::{DrawKey, Rate, RowKey};
use proptest::prelude::*;

const KEY: DrawKey = DrawKey { seed: 11, op: 12, step: 13 };

/// A pack of sequences, each with its number in the step.
#[derive(Debug, Clone)]
struct Pack {
    lengths: Vec<usize>,
    numbers: Vec<u32>,
    heads: usize,
    head_size: usize,
    causal: bool,
    rate: f64,
    seed: u64,
}

fn packs() -> impl Strategy<Value = Pack> {
    let lengths = prop::collection::vec(0usize..80, 1..6);
    let sizes = (1usize..4, prop::sample::select(vec![1, 8, 16, 20, 32]));
    (lengths, sizes, any::<bool>(), prop::sample::select(vec![0.0, 0.1, 0.5]), any::<u64>()).prop_map(
        |(lengths, (heads, head_size), causal, rate, seed)| {
            let numbers = (0..lengths.len() as u32).map(|i| i * 17 % 101).collect();
            Pack { lengths, numbers, heads, head_size, causal, rate, seed }
        },
    )
}

/// Output and gradient of qkv.
type Passes<E> = (Vec<E>, Vec<E>);

impl Pack {
    fn width(&self) -> usize {
        self.heads * self.head_size
    }

    /// One value for each column of each token, keyed by the sequence's number: moving a sequence moves its values.
    fn values<E: Float>(&self, columns: usize, op: u64) -> Vec<E> {
        let stream = DrawKey { seed: self.seed, op, step: 0 }.stream();
        let mut values = Vec::new();
        for (&length, &sequence) in self.lengths.iter().zip(&self.numbers) {
            for token in 0..length as u32 {
                let mut row = vec![0; columns];
                stream.fill_row(&mut row, RowKey { sequence, token }, 0);
                values.extend(row.into_iter().map(|draw| E::of(f64::from(draw) / 16384.0 - 2.0)));
            }
        }
        values
    }

    fn passes<E: Float>(&self, qkv: &[E], dout: &[E]) -> Passes<E> {
        let boundaries: Vec<usize> = std::iter::once(0)
            .chain(self.lengths.iter().scan(0, |end, length| {
                *end += length;
                Some(*end)
            }))
            .collect();
        let rate = Rate::new(self.rate).expect("in range");
        let dropout =
            (self.rate > 0.0).then_some(AttentionDropout { rate, key: KEY, sequences: &self.numbers });
        let plain = AttentionShape::new(&boundaries, self.heads, self.head_size);
        let shape = AttentionShape { causal: self.causal, dropout, ..plain };
        let (qkv, dout) = (Cpu.upload(qkv), Cpu.upload(dout));
        let (out, log_sum_exp) = Cpu.attention(&qkv, &shape);
        let dqkv = Cpu.attention_backward(&dout, &out, &log_sum_exp, &qkv, &shape);
        (Cpu.download(&out), Cpu.download(&dqkv))
    }

    fn run<E: Float>(&self) -> Passes<E> {
        self.passes(&self.values::<E>(3 * self.width(), 0), &self.values::<E>(self.width(), 1))
    }

    /// What one of the sequences owns in a matrix of `columns`.
    fn part<'a, E>(&self, values: &'a [E], columns: usize, sequence: usize) -> &'a [E] {
        let first: usize = self.lengths[..sequence].iter().sum();
        &values[first * columns..][..self.lengths[sequence] * columns]
    }

    fn alone(&self, sequence: usize) -> Pack {
        let (lengths, numbers) = (vec![self.lengths[sequence]], vec![self.numbers[sequence]]);
        Pack { lengths, numbers, ..self.clone() }
    }
}

fn ignores_others<E: Float>(pack: &Pack) -> Result<(), TestCaseError> {
    let (out, dqkv) = pack.run::<E>();
    for sequence in 0..pack.lengths.len() {
        let (out_alone, dqkv_alone) = pack.alone(sequence).run::<E>();
        prop_assert_eq!(pack.part(&out, pack.width(), sequence), &out_alone[..]);
        prop_assert_eq!(pack.part(&dqkv, 3 * pack.width(), sequence), &dqkv_alone[..]);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn attention_ignores_other_sequences_in_the_pack(pack in packs()) {
        ignores_others::<f32>(&pack)?;
        ignores_others::<bf16>(&pack)?;
    }

    #[test]
    fn permuting_sequences_permutes_outputs(pack in packs()) {
        let (out, dqkv) = pack.run::<f32>();
        let mut turned = pack.clone();
        turned.lengths.reverse();
        turned.numbers.reverse();
        let (out_turned, dqkv_turned) = turned.run::<f32>();
        for sequence in 0..pack.lengths.len() {
            let other = pack.lengths.len() - 1 - sequence;
            let width = pack.width();
            prop_assert_eq!(pack.part(&out, width, sequence), turned.part(&out_turned, width, other));
            let width = 3 * width;
            prop_assert_eq!(pack.part(&dqkv, width, sequence), turned.part(&dqkv_turned, width, other));
        }
    }

    #[test]
    fn rows_of_probabilities_sum_to_one(pack in packs()) {
        let pack = Pack { rate: 0.0, ..pack };
        let mut qkv = pack.values::<f32>(3 * pack.width(), 0);
        for row in qkv.chunks_exact_mut(3 * pack.width()) {
            row[2 * pack.width()..].fill(1.0);
        }
        let (out, _) = pack.passes(&qkv, &pack.values(pack.width(), 1));
        prop_assert!(out.iter().all(|o| (o - 1.0).abs() < 1e-5));
    }

    #[test]
    fn causal_ignores_the_future(pack in packs()) {
        let pack = Pack { causal: true, ..pack.alone(0) };
        let (columns, tokens) = (3 * pack.width(), pack.lengths[0]);
        let (mut qkv, dout) = (pack.values::<f32>(columns, 0), pack.values(pack.width(), 1));
        let (before, _) = pack.passes(&qkv, &dout);
        let past = tokens / 2;
        qkv[past * columns..].fill(9.0);
        let (after, _) = pack.passes(&qkv, &dout);
        prop_assert_eq!(&before[..past * pack.width()], &after[..past * pack.width()]);
    }

    #[test]
    fn threads_do_not_change_the_bits(pack in packs()) {
        let [one, two] = [1, 2].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
            pool.install(|| pack.run::<f32>())
        });
        prop_assert_eq!(one, two);
    }
}

#[test]
fn a_long_sequence_has_the_same_bits_at_one_thread_and_two() {
    let (lengths, numbers) = (vec![700], vec![3]);
    let pack = Pack { lengths, numbers, heads: 1, head_size: 16, causal: true, rate: 0.1, seed: 1 };
    let [one, two] = [1, 2].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        pool.install(|| pack.run::<f32>())
    });
    assert_eq!(one, two);
}
