//! Attention forward and backward over packs of named shapes, 12 heads of 32.
//!
//! `cargo bench -p mtl-core-tensor --bench attention [-- FILTER]`; `RAYON_NUM_THREADS` and `MTL_ISA` as elsewhere.
//! The draws alone are measured as the difference between the rows with and without dropout.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mtl_core_tensor::Cpu;
use mtl_core_tensor::device::{AttentionDropout, AttentionOps, AttentionShape, Memory};
use mtl_core_tensor::element::{DType, Float, bf16};
use mtl_core_tensor::kernels::random::{DrawKey, Rate, RowKey};

const HEADS: usize = 12;
const HEAD_SIZE: usize = 32;
const KEY: DrawKey = DrawKey { seed: 1, op: 2, step: 3 };

/// Name, number of sequences, shortest and longest; lengths step evenly from one to the other.
const SHAPES: [(&str, usize, usize, usize); 4] =
    [("32x128", 32, 128, 128), ("8x512", 8, 512, 512), ("1x2048", 1, 2048, 2048), ("128x5-40", 128, 5, 40)];

fn boundaries(sequences: usize, shortest: usize, longest: usize) -> Vec<usize> {
    let length = |i: usize| shortest + i * 7 % (longest - shortest + 1);
    std::iter::once(0)
        .chain((0..sequences).scan(0, |end, i| {
            *end += length(i);
            Some(*end)
        }))
        .collect()
}

fn numbers<E: Float>(n: usize) -> Vec<E> {
    let mut draws = vec![0; n];
    KEY.stream().fill_row(&mut draws, RowKey { sequence: 0, token: 0 }, 0);
    draws.into_iter().map(|draw| E::of(f64::from(draw) / 32768.0 - 1.0)).collect()
}

fn one<E: Float>(c: &mut Criterion, name: &str, boundaries: &[usize], rate: f64) {
    let plain = AttentionShape::new(boundaries, HEADS, HEAD_SIZE);
    let numbers_in_step: Vec<u32> = (0..boundaries.len() as u32 - 1).collect();
    let rate = Rate::new(rate).expect("in range");
    let dropout = AttentionDropout { rate, key: KEY, sequences: &numbers_in_step };
    let shape = AttentionShape { dropout: (rate != Rate::ZERO).then_some(dropout), ..plain };
    let (tokens, width) = (shape.tokens(), shape.width());
    let qkv = Cpu.upload(&numbers::<E>(tokens * 3 * width));
    let dout = Cpu.upload(&numbers::<E>(tokens * width));
    let (out, log_sum_exp) = Cpu.attention(&qkv, &shape);
    let dtype = match E::DTYPE {
        DType::Bf16 => "bf16",
        _ => "f32",
    };
    let mut group = c.benchmark_group(format!("attention/{dtype}/dropout {}", shape.dropout.is_some()));
    group.throughput(Throughput::Elements(tokens as u64)).sample_size(20);
    group.bench_function(BenchmarkId::new("forward", name), |b| {
        b.iter(|| Cpu.attention(&qkv, &shape));
    });
    group.bench_function(BenchmarkId::new("backward", name), |b| {
        b.iter(|| Cpu.attention_backward(&dout, &out, &log_sum_exp, &qkv, &shape));
    });
    group.finish();
}

fn attention(c: &mut Criterion) {
    for (name, sequences, shortest, longest) in SHAPES {
        let boundaries = boundaries(sequences, shortest, longest);
        for rate in [0.0, 0.1] {
            one::<f32>(c, name, &boundaries, rate);
            one::<bf16>(c, name, &boundaries, rate);
        }
    }
}

criterion_group!(benches, attention);
criterion_main!(benches);
