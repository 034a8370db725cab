//! The kernel against its reference, its gradient against differences, and its edges. Laws over random packs
//! stand in `tests/attention_properties.rs`.

use super::backward::{Given, backward_on};
use super::forward::forward_on;
use super::*;
use crate::element::{DType, Float, bf16};
use crate::kernels::isa::Isa;

/// Numbers between -2 and 2 without a pattern.
fn numbers<E: Float>(n: usize, seed: u64) -> Vec<E> {
    let stream = DrawKey { seed, op: 0, step: 0 }.stream();
    let row = crate::kernels::random::RowKey { sequence: 0, token: 0 };
    (0..n).map(|i| E::of(f64::from(stream.draw(row, 0, i)) / 16384.0 - 2.0)).collect()
}

fn with_dropout<'a>(shape: AttentionShape<'a>, rate: f64, sequences: &'a [u32]) -> AttentionShape<'a> {
    let key = DrawKey { seed: 5, op: 6, step: 7 };
    let rate = Rate::new(rate).expect("in range");
    AttentionShape { dropout: Some(AttentionDropout { rate, key, sequences }), ..shape }
}

fn assert_close<E: Float>(ours: &[E], theirs: &[E], tolerance: f64, what: &str) {
    let largest = theirs.iter().map(|x| x.to_f64().abs()).fold(1e-3, f64::max);
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        let (a, b) = (a.to_f64(), b.to_f64());
        assert!((a - b).abs() <= tolerance * largest, "{what}: element {i}: {a} not {b}");
    }
}

/// Output, log-sum-exps and gradient on one path.
fn run<E: Float>(
    isa: Isa,
    qkv: &[E],
    dout: &[E],
    shape: &AttentionShape<'_>,
) -> (Vec<E>, Vec<E::Master>, Vec<E>) {
    let mut out = vec![E::default(); dout.len()];
    let mut lse = vec![Default::default(); shape.tokens() * shape.heads];
    let mut dqkv = vec![E::default(); qkv.len()];
    forward_on(isa, &mut out, Some(&mut lse), qkv, shape);
    backward_on(isa, &mut dqkv, &Given { dout, out: &out, lse: &lse, qkv }, shape);
    (out, lse, dqkv)
}

fn follows_the_reference<E: Float>(tolerance: f64) {
    let boundaries = [0, 1, 6, 6, 22, 55, 125, 390];
    let sequences = [3, 1, 4, 15, 9, 2, 6];
    for (heads, size, causal, rate) in
        [(2, 32, false, 0.0), (1, 5, true, 0.3), (3, 48, false, 0.2), (1, 64, true, 0.0)]
    {
        let mut shape = AttentionShape { causal, ..AttentionShape::new(&boundaries, heads, size) };
        if rate > 0.0 {
            shape = with_dropout(shape, rate, &sequences);
        }
        let tokens = shape.tokens();
        let (qkv, dout) =
            (numbers::<E>(tokens * 3 * shape.width(), 1), numbers::<E>(tokens * shape.width(), 2));
        let (mut out, mut lse) = (vec![E::default(); dout.len()], vec![Default::default(); tokens * heads]);
        let mut dqkv = vec![E::default(); qkv.len()];
        reference::forward(&mut out, Some(&mut lse), &qkv, &shape);
        reference::backward(&mut dqkv, &dout, &qkv, &shape);
        // In f64 no path has a product of its own.
        let least = if E::DTYPE == DType::F64 { Isa::detect() } else { Isa::Portable };
        for isa in Isa::ALL.into_iter().filter(|isa| (least..=Isa::detect()).contains(isa)) {
            let ours = run(isa, &qkv, &dout, &shape);
            let what =
                |name: &str| format!("{name} of {heads} x {size}, causal {causal}, {isa}, {}", E::DTYPE);
            assert_close(&ours.0, &out, tolerance, &what("out"));
            assert_close(&ours.1, &lse, tolerance, &what("lse"));
            assert_close(&ours.2, &dqkv, tolerance, &what("dqkv"));
        }
    }
}

#[test]
fn f64_follows_the_reference() {
    follows_the_reference::<f64>(1e-12);
}

#[test]
fn f32_follows_the_reference() {
    follows_the_reference::<f32>(5e-6);
}

#[test]
fn bf16_follows_the_reference_to_its_rounding() {
    follows_the_reference::<bf16>(8e-3);
}

#[test]
fn gradient_is_the_limit_of_differences() {
    let (boundaries, sequences) = ([0, 3, 4, 9], [8, 0, 1]);
    for causal in [false, true] {
        let shape = AttentionShape { causal, ..AttentionShape::new(&boundaries, 2, 3) };
        let shape = with_dropout(shape, 0.25, &sequences);
        let (mut qkv, dout) = (numbers::<f64>(9 * 18, 3), numbers::<f64>(9 * 6, 4));
        let (_, _, dqkv) = run(Isa::detect(), &qkv, &dout, &shape);
        let loss = |qkv: &[f64]| {
            let mut out = vec![0.0; dout.len()];
            forward(&mut out, None, qkv, &shape);
            out.iter().zip(&dout).map(|(o, d)| o * d).sum::<f64>()
        };
        for i in 0..qkv.len() {
            let (x, h) = (qkv[i], 1e-5);
            let [above, below] = [x + h, x - h].map(|moved| {
                qkv[i] = moved;
                loss(&qkv)
            });
            qkv[i] = x;
            let difference = (above - below) / (2.0 * h);
            assert!((difference - dqkv[i]).abs() < 1e-8, "{i}: {} not {difference}", dqkv[i]);
        }
    }
}

#[test]
fn one_token_returns_its_value_and_passes_its_gradient_on() {
    let shape = AttentionShape::new(&[0, 1], 1, 2);
    let (out, lse, dqkv) = run::<f32>(Isa::detect(), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[0.5, -1.0], &shape);
    assert_eq!(out, [5.0, 6.0]);
    assert!((lse[0] - 11.0 / 2f32.sqrt()).abs() < 1e-5);
    assert_eq!(dqkv, [0.0, 0.0, 0.0, 0.0, 0.5, -1.0]);
}

#[test]
fn an_empty_pack_is_fine() {
    for boundaries in [&[][..], &[0], &[0, 0, 0]] {
        let (out, ..) = run::<f32>(Isa::detect(), &[], &[], &AttentionShape::new(boundaries, 2, 4));
        assert!(out.is_empty());
    }
}
