//! Time of each combining on the Gram matrix of eight tasks, half of whose pairs conflict.
//!
//! `cargo bench -p mtl-sharing --bench gradient`

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mtl_sharing::GradientKind;
use mtl_sharing::gradient::{CrossGram, Gram};

const TASKS: usize = 8;
const PARAMETERS: usize = 32;

/// Gradients of different norms, in which a wave makes about half of the products negative.
fn gradients() -> Vec<Vec<f64>> {
    let value = |task: usize, i: usize| ((task * 37 + i * 11) as f64).sin() * (1.0 + 0.5 * task as f64);
    (0..TASKS).map(|task| (0..PARAMETERS).map(|i| value(task, i)).collect()).collect()
}

fn combinings(criterion: &mut Criterion) {
    let rows = gradients();
    let views: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    let gram = Gram::of_gradients(&views).expect("finite gradients");
    let cross = CrossGram::of_gradients(&views, &views).expect("finite gradients");
    let losses = [1.0; TASKS];
    let mut group = criterion.benchmark_group("gram of 8 tasks");
    for &kind in GradientKind::ALL {
        let mut combining = kind.build(TASKS, 1, &BTreeMap::new()).expect("defaults are in range");
        if combining.elementwise().is_some() {
            continue;
        }
        group.bench_function(kind.name(), |bencher| {
            bencher.iter(|| match combining.three_batches() {
                Some(batches) => batches.cross_weights(black_box(&cross)),
                None => combining.weights(0, black_box(&gram), &losses),
            });
        });
    }
    group.finish();
}

fn elementwise(criterion: &mut Criterion) {
    let combining = GradientKind::GradDrop.build(TASKS, 1, &BTreeMap::new()).expect("defaults are in range");
    let rows: Vec<Vec<f32>> =
        (0..TASKS).map(|task| (0..4096).map(|i| ((task * 37 + i * 11) as f32).sin()).collect()).collect();
    let views: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    let mut combined = vec![0.0_f32; 4096];
    criterion.bench_function("grad-drop, 8 tasks x 4096 elements", |bencher| {
        let grad_drop = combining.elementwise().expect("grad-drop is elementwise");
        bencher.iter(|| grad_drop.combine(0, 0, 0, black_box(&views), &mut combined));
    });
}

criterion_group!(benches, combinings, elementwise);
criterion_main!(benches);
