//! Every operation's values and gradients on the processor against the references, on random sizes.
//!
//! Both devices start from the same values. Of each tensor that comes out, no element may be further from the
//! reference's than a share of the tensor's largest value (or of 1): 1e-11 in f64, 2e-5 in f32 and 0.03 in bf16,
//! whose steps are 1/128 of a value and which rounds what it keeps between two operations.
//!
//! The last test runs all others again on each lesser path that this processor has.

mod common;

use common::{from, run_on_lesser_paths, tensor, values, wide};
use mtl_core_tensor::device::{Binary, Broadcast, Unary};
use mtl_core_tensor::kernels::isa::Isa;
use mtl_core_tensor::shape::{Const, Shape};
use mtl_core_tensor::tape::NodeId;
use mtl_core_tensor::{
    Activation, Attention, Cpu, DType, Device, Dropout, Element, Embedding, Float, Gradients, IGNORED,
    Island, LayerNorm, Linear, Loss, Pack, ParamId, QueryKeyValue, Tape, Tensor, WalkPlan, bf16,
};
use proptest::prelude::*;

/// The sizes of one case.
#[derive(Debug, Clone)]
struct Sizes {
    /// The tokens of each sequence, so that the rows are their sum.
    lengths: Vec<usize>,
    /// A width, and a second one.
    widths: [usize; 2],
    seed: u32,
}

impl Sizes {
    fn pack(&self) -> Pack {
        let mut pack = Pack::new();
        for (i, &length) in self.lengths.iter().enumerate() {
            let ids: Vec<u32> = (0..length).map(|t| (t * t + i) as u32 % 9).collect();
            pack.push(&ids, &vec![0; length], 3 * i as u32, vec![0]);
        }
        pack
    }

    fn rows(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// Rows of the first width, named.
    fn input<E: Float, D: Device>(&self, device: &D, salt: u32) -> Matrix<E, D> {
        let x = tensor(device, (self.rows(), self.widths[0]), self.seed ^ salt);
        x.with_rows(self.pack().token_rows()).expect("one row a token")
    }
}

type Matrix<E, D> = Tensor<(usize, usize), E, D>;

fn sizes() -> impl Strategy<Value = Sizes> {
    let lengths = prop::collection::vec(prop_oneof![1usize..6, 6usize..70], 1..5);
    let widths = prop::array::uniform2(prop_oneof![1usize..9, 9usize..80]);
    (lengths, widths, any::<u32>()).prop_map(|(lengths, widths, seed)| Sizes { lengths, widths, seed })
}

/// What one operation gives: values and gradients, by name.
type Outcome = Vec<(&'static str, Vec<f64>)>;

/// A tape, and what has come of it.
struct Run<E: Float, D: Device> {
    tape: Tape<E, D>,
    outcome: Outcome,
    losses: Vec<(Loss, f64)>,
    watched: Vec<NodeId>,
}

impl<E: Float, D: Device> Run<E, D> {
    fn new(device: &D) -> Self {
        let tape = Tape::training(device, 5, 2);
        Run { tape, outcome: Vec::new(), losses: Vec::new(), watched: Vec::new() }
    }

    /// An input whose gradient is part of the outcome.
    fn watch<S: Shape>(&mut self, x: &Tensor<S, E, D>) -> Tensor<S, E, D> {
        let watched = self.tape.watch(x);
        self.watched.extend(watched.node());
        watched
    }

    /// Makes an output part of the outcome, and walks from its weighted sum.
    fn output<S: Shape>(&mut self, y: &Tensor<S, E, D>) {
        self.outcome.push(("output", wide(y)));
        let weights = tensor(self.tape.device(), *y.shape(), 77);
        let product = self.tape.binary(y, &weights, Binary::Mul).expect("the same sizes");
        let loss = self.tape.total(&product, 1.0).expect("a positive denominator");
        self.losses.push((loss, 1.0));
    }

    /// Makes a loss part of the outcome, and walks from it.
    fn loss(&mut self, loss: Loss) {
        self.outcome.push(("loss", vec![loss.value]));
        self.losses.push((loss, 0.7));
    }

    /// Walks, and adds the gradients of what was watched and of these parameters.
    fn finish(mut self, parameters: &[(ParamId, usize)]) -> Outcome {
        let (device, mut gradients) = (self.tape.device().clone(), Gradients::new());
        let plan =
            WalkPlan { stop_at: &self.watched, ..WalkPlan::only(&self.losses).expect("all were recorded") };
        for buffer in self.tape.walk(plan, &mut gradients).expect("the walk runs") {
            let buffer = device.download(&buffer.expect("a gradient reaches each input"));
            self.outcome.push(("gradient of an input", buffer.into_iter().map(E::to_f64).collect()));
        }
        for &(id, len) in parameters {
            let gradient = gradients.get(id).expect("each parameter has a gradient").to_dense(&device, len);
            let gradient = gradient.into_iter().map(Float::to_f64).collect();
            self.outcome.push(("gradient of a parameter", gradient));
        }
        self.outcome
    }
}

const ACTIVATIONS: [Activation; 5] =
    [Activation::None, Activation::Relu, Activation::Tanh, Activation::Gelu, Activation::GeluTanh];

fn linear<E: Float, D: Device>(device: &D, sizes: &Sizes) -> Outcome {
    let ([inputs, outputs], mut run) = (sizes.widths, Run::<E, D>::new(device));
    let layer = Linear::new(tensor(device, (outputs, inputs), 1));
    layer.bias.set(tensor(device, (outputs,), 2));
    let x = run.watch(&sizes.input(device, 0));
    // The kink of ReLU would decide by the last bit of a rounded sum; the kernels' own tests cover it.
    let activation = ACTIVATIONS[[0, 2, 3, 4][sizes.seed as usize % 4]];
    let y = run.tape.linear(&x, &layer, activation).expect("the operation runs");
    run.output(&y);
    run.finish(&[(layer.weight.id(), inputs * outputs), (layer.bias.id(), outputs)])
}

fn matmul<E: Float, D: Device>(device: &D, sizes: &Sizes) -> Outcome {
    let mut run = Run::<E, D>::new(device);
    let a = run.watch(&sizes.input(device, 0));
    let b = run.watch(&tensor(device, (sizes.widths[0], sizes.widths[1]), 3));
    let c = run.tape.matmul(&a, &b).expect("the operation runs");
    run.output(&c);
    run.finish(&[])
}

fn layer_norm<E: Float, D: Device>(device: &D, sizes: &Sizes) -> Outcome {
    // A row of one or two nearly equal values has a derivative that no rounding survives.
    let (width, mut run) = (sizes.widths[0] + 7, Run::<E, D>::new(device));
    let sizes = Sizes { widths: [width, 0], ..sizes.clone() };
    let layer = LayerNorm::new(device, width, 1e-3).expect("a positive epsilon");
    layer.gamma.set(tensor(device, (width,), 4));
    layer.beta.set(tensor(device, (width,), 5));
    let (x, residual) = (run.watch(&sizes.input(device, 1)), run.watch(&sizes.input(device, 2)));
    let dropout = Dropout::new(0.2, "dropout8").expect("a rate");
    let y = run.tape.layer_norm(&x, Some(&residual), &layer, dropout).expect("the operation runs");
    run.output(&y);
    let y = run.tape.layer_norm(&x, None, &layer, Dropout::OFF).expect("the operation runs");
    run.output(&y);
    run.finish(&[(layer.gamma.id(), width), (layer.beta.id(), width)])
}

fn attention<E: Float, D: Device>(device: &D, sizes: &Sizes) -> Outcome {
    let mut run = Run::<E, D>::new(device);
    let heads = 1 + sizes.seed as usize % 3;
    let hidden = heads * (1 + sizes.widths[0] % 40);
    let layer = QueryKeyValue::new(tensor(device, (Const, hidden, hidden), 6));
    let (causal, dropout) = (sizes.seed.is_multiple_of(2), Dropout::new(0.1, "dropout9").expect("a rate"));
    let pack = sizes.pack();
    let qkv = run.watch(&tensor(device, (pack.tokens(), Const::<3>, hidden), sizes.seed));
    let y =
        run.tape.attention(&qkv, &pack, Attention { heads, causal, dropout }).expect("the operation runs");
    run.output(&y);
    let sizes = Sizes { widths: [hidden, 0], ..sizes.clone() };
    let x = run.watch(&sizes.input(device, 3));
    let y = run.tape.query_key_value(&x, &layer).expect("the operation runs");
    run.output(&y);
    run.finish(&[(layer.weight.id(), 3 * hidden * hidden), (layer.bias.id(), 3 * hidden)])
}

fn embedding<E: Float, D: Device>(device: &D, sizes: &Sizes) -> Outcome {
    let (width, pack, mut run) = (sizes.widths[0], sizes.pack(), Run::<E, D>::new(device));
    let table = |entries: usize, seed| Embedding::new(tensor(device, (entries, width), seed));
    let (words, positions, segments) = (table(9, 1), table(70, 2), table(1, 3));
    let lookups = [
        words.lookup(&pack.token_ids).expect("every id has a row"),
        positions.lookup(&pack.positions).expect("every position has a row"),
        segments.lookup(&pack.segments).expect("every segment has a row"),
    ];
    for count in [3, 1] {
        let y = run.tape.embed(&lookups[..count], pack.token_rows()).expect("the operation runs");
        run.output(&y);
    }
    let tables = [(&words, 9), (&positions, 70), (&segments, 1)];
    run.finish(&tables.map(|(table, entries)| (table.table.id(), entries * width)))
}

fn losses<E: Float, D: Device>(device: &D, sizes: &Sizes) -> Outcome {
    let (n, classes, mut run) = (sizes.rows(), sizes.widths[0], Run::<E, D>::new(device));
    let logits = run.watch(&sizes.input(device, 0));
    let class = |row: usize| if row % 5 == 4 { IGNORED } else { (row * 7 % classes) as u32 };
    let targets: Vec<u32> = (0..n).map(class).collect();
    let soft: Vec<f64> = values(n * classes, 6).into_iter().map(|x| (x + 1.0) / 2.0).collect();
    let denominator = n as f64;
    for smoothing in [0.0, 0.1] {
        let loss = run.tape.cross_entropy(&logits, &targets, smoothing, denominator);
        run.loss(loss.expect("the loss runs"));
    }
    let loss = run.tape.squared_error(&logits, &soft, denominator);
    run.loss(loss.expect("the loss runs"));
    let missing = soft.iter().enumerate().map(|(i, &t)| if i % 3 == 1 { f64::NAN } else { t });
    let loss = run.tape.binary_cross_entropy(&logits, &missing.collect::<Vec<_>>(), denominator);
    run.loss(loss.expect("the loss runs"));
    run.finish(&[])
}

fn rows<E: Float, D: Device>(device: &D, sizes: &Sizes) -> Outcome {
    let (pack, mut run) = (sizes.pack(), Run::<E, D>::new(device));
    let x = run.watch(&sizes.input(device, 0));
    let indices: Vec<u32> = (0..2 * sizes.rows()).map(|i| (i * i % sizes.rows()) as u32).collect();
    let y = run.tape.gather_rows(&x, &indices).expect("the operation runs");
    run.output(&y);
    let y = run.tape.first_rows(&x, &pack).expect("the operation runs");
    run.output(&y);
    let y = run.tape.mean_pool(&x, &pack).expect("the operation runs");
    run.output(&y);
    let y = run.tape.row_sums(&x).expect("the operation runs");
    run.output(&y);
    let y = run.tape.softmax(&x).expect("the operation runs");
    run.output(&y);
    let y = run.tape.dropout(&x, Dropout::new(0.3, "dropout7").expect("a rate")).expect("the operation runs");
    run.output(&y);
    run.finish(&[])
}

fn elementwise<E: Float, D: Device>(device: &D, sizes: &Sizes) -> Outcome {
    let (shape, mut run) = ((sizes.rows(), sizes.widths[0]), Run::<E, D>::new(device));
    let positive = |seed| -> Vec<f64> {
        values(shape.num_elements(), seed).into_iter().map(|x| x.abs() + 0.5).collect()
    };
    let x = run.watch(&from(device, shape, &positive(sizes.seed)));
    let other = run.watch(&from(device, shape, &positive(!sizes.seed)));
    let functions =
        [Unary::Exp, Unary::Ln, Unary::Sqrt, Unary::Square, Unary::Sigmoid, Unary::Affine(2.0, -1.0)];
    for f in functions.into_iter().chain(ACTIVATIONS.map(Unary::Activation)) {
        let y = run.tape.unary(&x, f).expect("the operation runs");
        run.output(&y);
    }
    for f in [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div] {
        let y = run.tape.binary(&x, &other, f).expect("the operation runs");
        run.output(&y);
    }
    let row = run.watch(&tensor(device, (shape.1,), 8));
    for f in [Broadcast::Add, Broadcast::Mul] {
        let y = run.tape.broadcast(&x, &row, f).expect("the operation runs");
        run.output(&y);
    }
    run.finish(&[])
}

fn tolerance<E: Element>() -> f64 {
    match E::DTYPE {
        DType::F64 => 1e-11,
        DType::F32 => 2e-5,
        _ => 0.03,
    }
}

fn assert_agree<E: Element>(fast: Outcome, reference: Outcome) {
    assert_eq!(fast.len(), reference.len());
    for (at, ((name, got), (_, want))) in fast.iter().zip(&reference).enumerate() {
        assert_eq!(got.len(), want.len());
        let scale = want.iter().fold(1.0, |scale: f64, x| scale.max(x.abs()));
        for (i, (g, w)) in got.iter().zip(want).enumerate() {
            let off = (g - w).abs() / scale;
            assert!(off <= tolerance::<E>(), "{} {at} ({name}), element {i}: {g}, reference {w}", E::DTYPE);
        }
    }
}

macro_rules! agree {
    ($($operation:ident),* $(,)?) => {$(
        mod $operation {
            use super::*;

            proptest! {
                #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() })]

                #[test]
                fn agrees(sizes in sizes()) {
                    use super::$operation as run;
                    assert_agree::<f64>(run::<f64, _>(&Cpu, &sizes), run::<f64, _>(&Island, &sizes));
                    assert_agree::<f32>(run::<f32, _>(&Cpu, &sizes), run::<f32, _>(&Island, &sizes));
                    assert_agree::<bf16>(run::<bf16, _>(&Cpu, &sizes), run::<bf16, _>(&Island, &sizes));
                }
            }
        }
    )*};
}

agree!(linear, matmul, layer_norm, attention, embedding, losses, rows, elementwise);

#[test]
fn the_path_is_the_one_that_was_asked_for() {
    let asked = Isa::asked().expect("MTL_ISA names a path, if it is set");
    assert_eq!(Isa::current(), asked.map_or(Isa::detect(), |isa| isa.min(Isa::detect())));
}

#[test]
fn lesser_paths_agree_too() {
    run_on_lesser_paths("lesser_paths_agree_too");
}
