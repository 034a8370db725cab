//! Speed of the matrix product on the shapes of encoders, beside the peak of the instructions it is made of.
//!
//! `cargo bench -p mtl-core-tensor --bench gemm` measures with criterion. With `-- --table` it prints two tables
//! instead, of one thread and of all: for each shape the best of many runs, and its share of the peak of as many
//! threads, measured just before.

use criterion::{BenchmarkId, Criterion, Throughput};
use mtl_core_tensor::device::{CpuBuffer, LinearOps, LinearSizes, Memory};
use mtl_core_tensor::element::{Element, Float, bf16};
use mtl_core_tensor::kernels::peak::{flops_per_second, rate};
use mtl_core_tensor::{Activation, Cpu};
use std::time::Duration;

/// Tokens, inputs and outputs of the linear layers of BERT-mini to BERT-base encoders.
const SHAPES: [(&str, usize, usize, usize); 5] = [
    ("attention output, 384", 4096, 384, 384),
    ("query/key/value, 384", 4096, 384, 1152),
    ("feed-forward up, 384", 4096, 384, 1536),
    ("feed-forward down, 384", 4096, 1536, 384),
    ("feed-forward up, 768", 4096, 768, 3072),
];

/// The three products of a linear layer.
#[derive(Debug, Clone, Copy)]
enum Product {
    /// y = x·wᵀ
    Nt,
    /// dx = dy·w
    Nn,
    /// dw = dyᵀ·x
    Tn,
}

const PRODUCTS: [Product; 3] = [Product::Nt, Product::Nn, Product::Tn];

/// The tensors of one linear layer whose activations are of type `E`.
struct Layer<E: Element> {
    sizes: LinearSizes,
    x: CpuBuffer<E>,
    w: CpuBuffer<f32>,
    y: CpuBuffer<E>,
}

impl<E: Float<Master = f32>> Layer<E> {
    fn new(tokens: usize, inputs: usize, outputs: usize) -> Self {
        let wave = |i: usize| ((i * 7 % 1000) as f64 / 1000.0) - 0.5;
        let activations = |len| Cpu.upload(&(0..len).map(|i| E::of(wave(i))).collect::<Vec<_>>());
        let weights = |len| Cpu.upload(&(0..len).map(|i| wave(i) as f32).collect::<Vec<_>>());
        Layer {
            sizes: LinearSizes { rows: tokens, inputs, outputs },
            x: activations(tokens * inputs),
            w: weights(outputs * inputs),
            y: activations(tokens * outputs),
        }
    }

    fn flops(&self) -> f64 {
        let LinearSizes { rows, inputs, outputs } = self.sizes;
        2.0 * rows as f64 * inputs as f64 * outputs as f64
    }

    /// The device's memory is pooled: a result takes the place of the one before.
    fn run(&self, product: Product, activation: Activation) {
        let Layer { sizes, x, w, y } = self;
        match product {
            Product::Nt => drop(Cpu.linear(x, w, None, activation, None, *sizes)),
            Product::Nn => drop(Cpu.linear_input(y, w, *sizes)),
            Product::Tn => drop(Cpu.linear_weight(y, x, 0..sizes.rows, *sizes)),
        }
    }
}

fn criterion_of<E: Float<Master = f32>>(criterion: &mut Criterion) {
    for product in PRODUCTS {
        let mut group = criterion.benchmark_group(format!("{product:?} {}", E::DTYPE));
        group.sample_size(10);
        for (name, m, k, n) in SHAPES {
            let layer = Layer::<E>::new(m, k, n);
            group.throughput(Throughput::Elements(layer.flops() as u64));
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter(|| layer.run(product, Activation::None));
            });
        }
        group.finish();
    }
}

/// The best rate of several runs of `f`, in 10⁹ per second, where each does `work`.
fn best(work: f64, f: impl FnMut()) -> f64 {
    rate(work, Duration::from_millis(400), f) / 1e9
}

/// The peaks of the current threads for f32 and bf16, in GFLOP/s.
fn peaks() -> (f64, f64) {
    let of = |dtype| flops_per_second(dtype) / 1e9;
    (of(f32::DTYPE), of(bf16::DTYPE))
}

fn table(threads: usize) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
    pool.install(|| {
        println!("threads: {threads}\n");
        println!("| layer | product | bf16 GFLOP/s | of peak | + gelu | f32 GFLOP/s | of peak |");
        println!("|---|---|---|---|---|---|---|");
        for (name, m, k, n) in SHAPES {
            let (half, single) = (Layer::<bf16>::new(m, k, n), Layer::<f32>::new(m, k, n));
            for product in PRODUCTS {
                let (fma, dot) = peaks();
                let flops = half.flops();
                let bf16s = best(flops, || half.run(product, Activation::None));
                let gelus = best(flops, || half.run(product, Activation::Gelu));
                let f32s = best(flops, || single.run(product, Activation::None));
                println!(
                    "| {name} | {product:?} | {bf16s:.0} | {:.0} % | {gelus:.0} | {f32s:.0} | {:.0} % |",
                    100.0 * bf16s / dot,
                    100.0 * f32s / fma,
                );
            }
        }
        let (fma, dot) = peaks();
        println!("\npeak: {fma:.0} GFLOP/s f32, {dot:.0} GFLOP/s bf16\n");
    });
}

fn main() {
    if std::env::args().any(|arg| arg == "--table") {
        return [1, rayon::current_num_threads()].into_iter().for_each(table);
    }
    let mut criterion = Criterion::default().configure_from_args();
    criterion_of::<bf16>(&mut criterion);
    criterion_of::<f32>(&mut criterion);
    criterion.final_summary();
}
