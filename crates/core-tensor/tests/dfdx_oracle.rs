//! dfdx 0.13 as a second oracle: values and gradients of every operation that it has too, in f32 and f64.
//!
//! Both sides start from the same values. They must agree within 1e-12 in f64 and 2e-5 in f32, absolute below 1 and
//! relative above. One gradient cannot be compared, that of the GELU with the error function: dfdx's has
//! x e^(-x^2/2) / sqrt(pi) where x e^(-x^2/2) / sqrt(2 pi) belongs. Its values are.

mod common;

use common::{assert_close, pack, tensor, values, wide};
use dfdx::shapes::{Axis, Dtype, HasShape, Rank0, Rank1, Rank2, Shape};
use dfdx::tensor::{OwnedTape, Tensor as DfdxTensor, Trace};
use dfdx::tensor_ops::{
    Backward, BroadcastTo, Device as DfdxDevice, GatherTo, MeanTo, PermuteTo, SelectTo, SumTo, TryMatMul,
};
use mtl_core_tensor::device::{Binary, Broadcast, Unary};
use mtl_core_tensor::element::Real;
use mtl_core_tensor::shape::Const;
use mtl_core_tensor::{
    Activation, Attention, Cpu, Dropout, Embedding, Gradients, LayerNorm, Linear, Loss, Pack, Param, Role,
    Tape, Tensor, TensorError, WalkPlan,
};

type Dfdx = dfdx::tensor::Cpu;
type Theirs<S, E> = DfdxTensor<S, E, Dfdx>;
type Taped<S, E> = DfdxTensor<S, E, Dfdx, OwnedTape<E, Dfdx>>;
type Ours<S, E> = Tensor<S, E, Cpu>;
type Matrix<const M: usize, const N: usize> = (Const<M>, Const<N>);

/// An element type that both sides compute in.
trait Both: Real + Dtype {
    const TOLERANCE: f64;
}

impl Both for f32 {
    const TOLERANCE: f64 = 2e-5;
}

impl Both for f64 {
    const TOLERANCE: f64 = 1e-12;
}

fn theirs<S: Shape, E: Both>(ours: &Ours<S, E>) -> Theirs<S, E> {
    ours.to_dfdx(&Dfdx::default()).expect("there is memory")
}

fn numbers<S: Shape, E: Both>(theirs: &Theirs<S, E>) -> Vec<f64> {
    wide(&Ours::from_dfdx(theirs))
}

/// The weights that make a loss of any output.
fn weights<S: Shape, E: Both>(shape: S) -> Ours<S, E> {
    tensor(&Cpu, shape, 77)
}

/// Our gradients of a loss: of the watched input, and those of parameters.
fn walk<S: Shape, E: Both>(
    tape: &mut Tape<E, Cpu>,
    input: &Ours<S, E>,
    loss: Loss,
) -> (Vec<f64>, Gradients<E, Cpu>) {
    let (stop_at, mut gradients) = ([input.node().expect("watched")], Gradients::new());
    let plan = WalkPlan { stop_at: &stop_at, ..WalkPlan::only(&[(loss, 1.0)]).expect("recorded") };
    let stopped = tape.walk(plan, &mut gradients).expect("the walk runs").pop().flatten();
    let buffer = stopped.expect("a gradient reaches the input");
    (buffer.slice().iter().map(|x| x.as_f64()).collect(), gradients)
}

/// Our output's weighted sum.
fn weigh<S: Shape, E: Both>(tape: &mut Tape<E, Cpu>, y: &Ours<S, E>) -> Result<Loss, TensorError> {
    let product = tape.binary(y, &weights(*y.shape()), Binary::Mul)?;
    tape.total(&product, 1.0)
}

/// Their output's weighted sum, walked back.
fn their_gradients<S: Shape, E: Both>(y: Taped<S, E>) -> dfdx::tensor::Gradients<E, Dfdx>
where
    Dfdx: DfdxDevice<E>,
{
    let weights = theirs(&weights::<S, E>(*y.shape()));
    (y * weights).sum::<Rank0, S::AllAxes>().backward()
}

/// Panics unless an operation on one tensor has the same values and gradient on both sides.
#[track_caller]
fn agree<S: Shape, T: Shape, E: Both>(
    x: &Ours<S, E>,
    ours: impl Fn(&mut Tape<E, Cpu>, &Ours<S, E>) -> Result<Ours<T, E>, TensorError>,
    dfdx: impl Fn(Taped<S, E>) -> Taped<T, E>,
) where
    Dfdx: DfdxDevice<E>,
{
    let mut tape = Tape::recording(&Cpu);
    let watched = tape.watch(x);
    let y = ours(&mut tape, &watched).expect("the operation runs");
    let loss = weigh(&mut tape, &y).expect("the loss runs");
    let (dx, _) = walk(&mut tape, &watched, loss);
    let leaf = theirs(x);
    let expected = dfdx(leaf.leaky_trace());
    assert_close(&wide(&y), &wide(&Ours::from_dfdx(&expected)), E::TOLERANCE);
    assert_close(&dx, &numbers(&their_gradients(expected).get(&leaf)), E::TOLERANCE);
}

/// Panics unless a loss has the same value and gradient on both sides.
#[track_caller]
fn losses_agree<S: Shape, E: Both>(
    x: &Ours<S, E>,
    ours: impl Fn(&mut Tape<E, Cpu>, &Ours<S, E>) -> Result<Loss, TensorError>,
    dfdx: impl Fn(Taped<S, E>) -> Taped<Rank0, E>,
) where
    Dfdx: DfdxDevice<E>,
{
    let mut tape = Tape::recording(&Cpu);
    let watched = tape.watch(x);
    let loss = ours(&mut tape, &watched).expect("the loss runs");
    let (dx, _) = walk(&mut tape, &watched, loss);
    let leaf = theirs(x);
    let expected = dfdx(leaf.leaky_trace());
    assert_close(&[loss.value], &wide(&Ours::from_dfdx(&expected)), E::TOLERANCE);
    assert_close(&dx, &numbers(&expected.backward().get(&leaf)), E::TOLERANCE);
}

fn linear<E: Both>()
where
    Dfdx: DfdxDevice<E>,
{
    let x: Ours<Matrix<7, 5>, E> = tensor(&Cpu, Default::default(), 1);
    let weight: Ours<Matrix<4, 5>, E> = tensor(&Cpu, Default::default(), 2);
    let bias: Ours<(Const<4>,), E> = tensor(&Cpu, Default::default(), 3);
    let layer = Linear {
        weight: Param::new(Role::Weight, weight.clone()),
        bias: Param::new(Role::BiasOrNorm, bias.clone()),
    };
    for activation in
        [Activation::None, Activation::Relu, Activation::Tanh, Activation::Gelu, Activation::GeluTanh]
    {
        let mut tape = Tape::recording(&Cpu);
        let watched = tape.watch(&x);
        let y = tape.linear(&watched, &layer, activation).expect("the operation runs");
        let loss = weigh(&mut tape, &y).expect("the loss runs");
        let (dx, gradients) = walk(&mut tape, &watched, loss);
        let (x, w, b) = (theirs(&x), theirs(&weight), theirs(&bias));
        let turned = w.leaky_trace().permute::<Rank2<5, 4>, _>();
        let pre = x.leaky_trace().matmul(turned) + b.leaky_trace().broadcast::<Rank2<7, 4>, _>();
        let expected = match activation {
            Activation::None => pre,
            Activation::Relu => pre.relu(),
            Activation::Tanh => pre.tanh(),
            Activation::Gelu => pre.accurate_gelu(),
            Activation::GeluTanh => pre.fast_gelu(),
        };
        assert_close(&wide(&y), &wide(&Ours::from_dfdx(&expected)), E::TOLERANCE);
        if activation == Activation::Gelu {
            continue;
        }
        let expected = their_gradients(expected);
        assert_close(&dx, &numbers(&expected.get(&x)), E::TOLERANCE);
        let gradient = |id, n| -> Vec<f64> {
            let dense = gradients.get(id).expect("a parameter has a gradient").to_dense(&Cpu, n);
            dense.into_iter().map(Real::as_f64).collect()
        };
        assert_close(&gradient(layer.weight.id(), 20), &numbers(&expected.get(&w)), E::TOLERANCE);
        assert_close(&gradient(layer.bias.id(), 4), &numbers(&expected.get(&b)), E::TOLERANCE);
    }
}

fn matmul<E: Both>()
where
    Dfdx: DfdxDevice<E>,
{
    let a: Ours<Matrix<6, 5>, E> = tensor(&Cpu, Default::default(), 4);
    let b: Ours<Matrix<5, 3>, E> = tensor(&Cpu, Default::default(), 5);
    agree(&a, |tape, a| tape.matmul(a, &b), |a| a.matmul(theirs(&b)));
    agree(&b, |tape, b| tape.matmul(&a, b), |b| theirs(&a).leaky_trace().matmul(b));
}

fn layer_norm<E: Both>()
where
    Dfdx: DfdxDevice<E>,
{
    let x: Ours<Matrix<5, 8>, E> = tensor(&Cpu, Default::default(), 6);
    let residual: Ours<Matrix<5, 8>, E> = tensor(&Cpu, Default::default(), 7);
    let gamma: Ours<(Const<8>,), E> = tensor(&Cpu, Default::default(), 8);
    let beta: Ours<(Const<8>,), E> = tensor(&Cpu, Default::default(), 9);
    let layer = LayerNorm::new(&Cpu, Const::<8>, 1e-5).expect("a positive epsilon");
    layer.gamma.set(gamma.clone());
    layer.beta.set(beta.clone());
    let expected = |z: Taped<Rank2<5, 8>, E>| {
        let (gamma, beta) = (theirs(&gamma), theirs(&beta));
        z.normalize::<Axis<1>>(1e-5) * gamma.broadcast::<Rank2<5, 8>, _>()
            + beta.broadcast::<Rank2<5, 8>, _>()
    };
    agree(&x, |tape, x| tape.layer_norm(x, None, &layer, Dropout::OFF), expected);
    let sum = |x| expected(x + theirs(&residual));
    agree(&x, |tape, x| tape.layer_norm(x, Some(&residual), &layer, Dropout::OFF), sum);
    let mut tape = Tape::recording(&Cpu);
    let watched = tape.watch(&x);
    let y = tape.layer_norm(&watched, None, &layer, Dropout::OFF).expect("the operation runs");
    let loss = weigh(&mut tape, &y).expect("the loss runs");
    let (_, gradients) = walk(&mut tape, &watched, loss);
    let (leaf_gamma, leaf_beta) = (theirs(&gamma), theirs(&beta));
    let scale = leaf_gamma.leaky_trace().broadcast::<Rank2<5, 8>, _>();
    let y = theirs(&x).normalize::<Axis<1>>(1e-5).leaky_traced() * scale
        + leaf_beta.leaky_trace().broadcast::<Rank2<5, 8>, _>();
    let expected = their_gradients(y);
    for (id, leaf) in [(layer.gamma.id(), &leaf_gamma), (layer.beta.id(), &leaf_beta)] {
        let got = gradients.get(id).expect("a parameter has a gradient").to_dense(&Cpu, 8);
        let got: Vec<f64> = got.into_iter().map(Real::as_f64).collect();
        assert_close(&got, &numbers(&expected.get(leaf)), E::TOLERANCE);
    }
}

/// One sequence of 6 tokens and one head of 4, from dfdx's matrix product and softmax.
fn attention<E: Both>()
where
    Dfdx: DfdxDevice<E>,
{
    let mut pack = Pack::new();
    pack.push(&[1; 6], &[0; 6], 0, vec![0]);
    let qkv: Ours<(Const<6>, Const<3>, Const<4>), E> = tensor(&Cpu, Default::default(), 10);
    let attention = Attention { heads: 1, causal: false, dropout: Dropout::OFF };
    let dfdx = |qkv: Taped<(Const<6>, Const<3>, Const<4>), E>| {
        let turned = qkv.permute::<(Const<3>, Const<6>, Const<4>), _>();
        let device = turned.device().clone();
        let at = |i: usize| dfdx::tensor::TensorFrom::tensor(&device, i);
        let q: Taped<Rank2<6, 4>, E> = turned.retaped::<OwnedTape<E, Dfdx>>().select(at(0));
        let k: Taped<Rank2<6, 4>, E> = turned.retaped::<OwnedTape<E, Dfdx>>().select(at(1));
        let v: Taped<Rank2<6, 4>, E> = turned.select(at(2));
        let scores = q.matmul(k.permute::<Rank2<4, 6>, _>()) / <E as Real>::from_f64(2.0);
        scores.softmax::<Axis<1>>().matmul(v)
    };
    agree(&qkv, |tape, qkv| tape.attention(qkv, &pack, attention), dfdx);
}

fn losses<E: Both>()
where
    Dfdx: DfdxDevice<E>,
{
    let logits: Ours<Matrix<5, 4>, E> = tensor(&Cpu, Default::default(), 11);
    let classes = [3u32, 0, 1, 1, 2];
    for smoothing in [0.0, 0.1] {
        let share = |row: usize, class: usize| {
            smoothing / 4.0 + if classes[row] as usize == class { 1.0 - smoothing } else { 0.0 }
        };
        let shares: Vec<f64> = (0..20).map(|i| share(i / 4, i % 4)).collect();
        let shares: Ours<Matrix<5, 4>, E> = common::from(&Cpu, Default::default(), &shares);
        losses_agree(
            &logits,
            |tape, x| tape.cross_entropy(x, &classes, smoothing, 5.0),
            |x| dfdx::losses::cross_entropy_with_logits_loss(x, theirs(&shares)),
        );
    }
    // Halves and quarters are exact in every type.
    let soft: Vec<f64> = (0..20).map(|i| f64::from(i % 5) / 4.0).collect();
    let targets: Ours<Matrix<5, 4>, E> = common::from(&Cpu, Default::default(), &soft);
    losses_agree(
        &logits,
        |tape, x| tape.binary_cross_entropy(x, &soft, 20.0),
        |x| dfdx::losses::binary_cross_entropy_with_logits_loss(x, theirs(&targets)),
    );
    losses_agree(
        &logits,
        |tape, x| tape.squared_error(x, &soft, 20.0),
        |x| dfdx::losses::mse_loss(x, theirs(&targets)),
    );
    losses_agree(&logits, |tape, x| tape.total(x, 1.0), |x| x.sum());
    losses_agree(&logits, |tape, x| tape.total(x, 20.0), |x| x.mean());
}

fn rows<E: Both>()
where
    Dfdx: DfdxDevice<E>,
{
    let x: Ours<Matrix<8, 3>, E> = tensor(&Cpu, Default::default(), 12);
    let indices = || dfdx::tensor::TensorFrom::tensor(&Dfdx::default(), [7usize, 0, 7, 2]);
    let gathered = |x: Taped<Rank2<8, 3>, E>| -> Taped<Rank2<4, 3>, E> { x.gather(indices()) };
    agree(&x, |tape, x| tape.gather_rows(x, &[7, 0, 7, 2])?.reshape((Const::<4>, Const::<3>)), gathered);
    agree(&x, |tape, x| tape.row_sums(x), |x| x.sum::<Rank1<8>, Axis<1>>());
    agree(&x, |tape, x| tape.softmax(x), |x| x.softmax::<Axis<1>>());
    agree(&x, |tape, x| tape.dropout(x, Dropout::OFF), |x| x.dropout(0.0));
    let mut one = Pack::new();
    one.push(&[0; 8], &[0; 8], 0, vec![0]);
    agree(&x, |tape, x| tape.mean_pool(x, &one)?.reshape((Const::<3>,)), |x| x.mean::<Rank1<3>, Axis<0>>());
    // An embedding's sparse gradient, against the dense one of a gather.
    let embedding = Embedding { table: Param::new(Role::Weight, x.clone()) };
    let mut tape = Tape::<E, _>::recording(&Cpu);
    let lookup = embedding.lookup(&[7, 0, 7, 2, 1, 1, 1, 1]).expect("every id has a row");
    let y = tape.embed(&[lookup], pack().token_rows()).expect("the operation runs");
    let y = tape.gather_rows(&y, &[0, 1, 2, 3]).expect("the operation runs");
    let loss = weigh(&mut tape, &y).expect("the loss runs");
    let mut gradients = Gradients::new();
    tape.walk(WalkPlan::only(&[(loss, 1.0)]).expect("recorded"), &mut gradients).expect("the walk runs");
    let got = gradients.get(embedding.table.id()).expect("a table has a gradient").to_dense(&Cpu, 24);
    let leaf = theirs(&x);
    let expected = their_gradients(gathered(leaf.leaky_trace()));
    let got: Vec<f64> = got.into_iter().map(Real::as_f64).collect();
    assert_close(&got, &numbers(&expected.get(&leaf)), E::TOLERANCE);
}

fn elementwise<E: Both>()
where
    Dfdx: DfdxDevice<E>,
{
    let positive: Vec<f64> = values(12, 13).into_iter().map(|x| x.abs() + 0.5).collect();
    let x: Ours<Matrix<4, 3>, E> = common::from(&Cpu, Default::default(), &positive);
    let two = || <E as Real>::from_f64(2.0);
    agree(&x, |tape, x| tape.unary(x, Unary::Exp), |x| x.exp());
    agree(&x, |tape, x| tape.unary(x, Unary::Ln), |x| x.ln());
    agree(&x, |tape, x| tape.unary(x, Unary::Sqrt), |x| x.sqrt());
    agree(&x, |tape, x| tape.unary(x, Unary::Square), |x| x.square());
    agree(&x, |tape, x| tape.unary(x, Unary::Sigmoid), |x| x.sigmoid());
    agree(&x, |tape, x| tape.unary(x, Unary::Affine(2.0, -1.0)), |x| x * two() - <E as Real>::from_f64(1.0));
    agree(&x, |tape, x| tape.unary(x, Unary::Activation(Activation::GeluTanh)), |x| x.fast_gelu());
    let other: Ours<Matrix<4, 3>, E> =
        common::from(&Cpu, Default::default(), &positive.iter().rev().map(|x| x + 0.25).collect::<Vec<_>>());
    let right = || theirs(&other);
    agree(&x, |tape, x| tape.binary(x, &other, Binary::Add), |x| x + right());
    agree(&x, |tape, x| tape.binary(x, &other, Binary::Sub), |x| x - right());
    agree(&x, |tape, x| tape.binary(x, &other, Binary::Mul), |x| x * right());
    agree(&x, |tape, x| tape.binary(x, &other, Binary::Div), |x| x / right());
    agree(&x, |tape, x| tape.binary(&other, x, Binary::Sub), |x| right().leaky_traced() - x);
    agree(&x, |tape, x| tape.binary(&other, x, Binary::Div), |x| right().leaky_traced() / x);
    let row: Ours<(Const<3>,), E> = tensor(&Cpu, Default::default(), 14);
    let spread = |row: Taped<Rank1<3>, E>| row.broadcast::<Rank2<4, 3>, _>();
    agree(&x, |tape, x| tape.broadcast(x, &row, Broadcast::Add), |x| x + theirs(&row).broadcast());
    agree(&x, |tape, x| tape.broadcast(x, &row, Broadcast::Mul), |x| x * theirs(&row).broadcast());
    agree(&row, |tape, row| tape.broadcast(&x, row, Broadcast::Add), |row| spread(row) + theirs(&x));
    agree(&row, |tape, row| tape.broadcast(&x, row, Broadcast::Mul), |row| spread(row) * theirs(&x));
}

macro_rules! in_both_precisions {
    ($($operation:ident),* $(,)?) => {$(
        mod $operation {
            #[test]
            fn agrees_in_f32() {
                super::$operation::<f32>();
            }
            #[test]
            fn agrees_in_f64() {
                super::$operation::<f64>();
            }
        }
    )*};
}

in_both_precisions!(linear, matmul, layer_norm, attention, losses, rows, elementwise);
