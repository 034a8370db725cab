//! The gradient of every operation against finite differences in f64, on each device.

mod common;

use common::{check_gradient, from, pack, tensor, values, wide};
use mtl_core_tensor::device::{Binary, Broadcast, Unary};
use mtl_core_tensor::shape::Shape;
use mtl_core_tensor::{
    Activation, Attention, Device, Dropout, Embedding, GradientSink, Gradients, IGNORED, Island, LayerNorm,
    Linear, Loss, Param, QueryKeyValue, Tape, Tensor, TensorError, WalkPlan,
};

/// A loss that weighs every element differently.
fn weigh<S: Shape, D: Device>(tape: &mut Tape<f64, D>, y: &Tensor<S, f64, D>) -> Result<Loss, TensorError> {
    let weights = tensor(tape.device(), *y.shape(), 77);
    let product = tape.binary(y, &weights, Binary::Mul)?;
    tape.total(&product, 1.0)
}

/// The gradient of one parameter of a loss, by a walk and by differences of the parameter.
#[track_caller]
fn check_parameter<S: Shape, D: Device>(
    device: &D,
    parameter: &Param<S, f64, D>,
    loss: impl Fn(&mut Tape<f64, D>, &Param<S, f64, D>) -> Result<Loss, TensorError>,
) {
    let mut tape = Tape::training(device, 11, 3);
    let value = loss(&mut tape, parameter).expect("the operation runs");
    let mut gradients = Gradients::new();
    tape.walk(WalkPlan::only(&[(value, 1.0)]).expect("recorded"), &mut gradients).expect("the walk runs");
    let n = parameter.shape().num_elements();
    let got = gradients.get(parameter.id()).expect("the parameter has a gradient").to_dense(device, n);
    let as_input = |tape: &mut Tape<f64, D>, x: &Tensor<S, f64, D>| {
        let moved = parameter.fork();
        moved.set(x.detach());
        loss(tape, &moved)
    };
    common::assert_close(&got, &common::differences(device, &parameter.value(), &as_input), 2e-6);
}

fn linear<D: Device>(device: &D) -> Linear<usize, usize, f64, D> {
    let layer = Linear::new(tensor(device, (3, 5), 1));
    layer.bias.set(tensor(device, (3,), 2));
    layer
}

const ACTIVATIONS: [Activation; 5] =
    [Activation::None, Activation::Relu, Activation::Tanh, Activation::Gelu, Activation::GeluTanh];

fn linear_has_the_right_gradients<D: Device>(device: &D) {
    let (layer, x) = (linear(device), tensor::<_, f64, _>(device, (4usize, 5usize), 3));
    for activation in ACTIVATIONS {
        check_gradient(device, &x, |tape, x| {
            let y = tape.linear(x, &layer, activation)?;
            weigh(tape, &y)
        });
        check_parameter(device, &layer.weight, |tape, weight| {
            let y =
                tape.linear(&x, &Linear { weight: weight.clone(), bias: layer.bias.clone() }, activation)?;
            weigh(tape, &y)
        });
        check_parameter(device, &layer.bias, |tape, bias| {
            let y =
                tape.linear(&x, &Linear { weight: layer.weight.clone(), bias: bias.clone() }, activation)?;
            weigh(tape, &y)
        });
    }
}

fn layer_norm_has_the_right_gradients<D: Device>(device: &D) {
    let layer = LayerNorm::new(device, 6usize, 1e-5).unwrap();
    layer.gamma.set(tensor(device, (6,), 4));
    layer.beta.set(tensor(device, (6,), 5));
    let pack = pack();
    let named =
        |seed| tensor::<_, f64, _>(device, (8usize, 6usize), seed).with_rows(pack.token_rows()).unwrap();
    let (x, residual) = (named(6), named(7));
    for dropout in [Dropout::OFF, Dropout::new(0.4, "dropout9").unwrap()] {
        let run = |tape: &mut Tape<f64, D>,
                   x: &Tensor<_, _, _>,
                   r: Option<&Tensor<_, _, _>>,
                   l: &LayerNorm<_, _, _>| {
            let x = x.clone().with_rows(pack.token_rows())?;
            let y = tape.layer_norm(&x, r, l, dropout)?;
            weigh(tape, &y)
        };
        check_gradient(device, &x, |tape, x| run(tape, x, None, &layer));
        check_gradient(device, &x, |tape, x| run(tape, x, Some(&residual), &layer));
        check_gradient(device, &residual, |tape, r| run(tape, &x, Some(r), &layer));
        check_parameter(device, &layer.gamma, |tape, gamma| {
            let mut layer = layer.clone();
            layer.gamma = gamma.clone();
            run(tape, &x, Some(&residual), &layer)
        });
        check_parameter(device, &layer.beta, |tape, beta| {
            let mut layer = layer.clone();
            layer.beta = beta.clone();
            run(tape, &x, Some(&residual), &layer)
        });
    }
}

fn attention_has_the_right_gradients<D: Device>(device: &D) {
    let pack = pack();
    let qkv = tensor::<_, f64, _>(device, (8usize, mtl_core_tensor::shape::Const::<3>, 6usize), 8);
    for causal in [false, true] {
        for dropout in [Dropout::OFF, Dropout::new(0.3, "dropout4").unwrap()] {
            check_gradient(device, &qkv, |tape, qkv| {
                let y = tape.attention(qkv, &pack, Attention { heads: 2, causal, dropout })?;
                weigh(tape, &y)
            });
        }
    }
}

fn query_key_value_has_the_right_gradients<D: Device>(device: &D) {
    let layer = QueryKeyValue::new(tensor(device, (mtl_core_tensor::shape::Const, 4usize, 4usize), 9));
    let x = tensor::<_, f64, _>(device, (3usize, 4usize), 10);
    check_gradient(device, &x, |tape, x| {
        let y = tape.query_key_value(x, &layer)?;
        weigh(tape, &y)
    });
}

fn embedding_has_the_right_gradient<D: Device>(device: &D) {
    let (words, segments) = (tensor(device, (5usize, 3usize), 11), tensor(device, (2usize, 3usize), 12));
    let (words, segments) = (Embedding::new(words), Embedding::new(segments));
    let pack = pack();
    check_parameter(device, &words.table, |tape, table| {
        let words = Embedding { table: table.clone() };
        let lookups = [words.lookup(&pack.token_ids)?, segments.lookup(&pack.segments)?];
        let y = tape.embed(&lookups, pack.token_rows())?;
        weigh(tape, &y)
    });
}

fn losses_have_the_right_gradients<D: Device>(device: &D) {
    let logits = tensor::<_, f64, _>(device, (4usize, 3usize), 13);
    for smoothing in [0.0, 0.2] {
        check_gradient(device, &logits, |tape, x| tape.cross_entropy(x, &[2, IGNORED, 0, 1], smoothing, 3.0));
    }
    check_gradient(device, &logits, |tape, x| tape.squared_error(x, &values(12, 14), 12.0));
    let mut targets: Vec<f64> = values(12, 15).into_iter().map(|t| f64::from(t > 0.0)).collect();
    targets[4] = f64::NAN;
    check_gradient(device, &logits, |tape, x| tape.binary_cross_entropy(x, &targets, 4.0));
}

fn rows_have_the_right_gradients<D: Device>(device: &D) {
    let (x, pack) = (tensor::<_, f64, _>(device, (8usize, 3usize), 16), pack());
    check_gradient(device, &x, |tape, x| {
        let y = tape.gather_rows(x, &[7, 0, 7, 2])?;
        weigh(tape, &y)
    });
    check_gradient(device, &x, |tape, x| {
        let y = tape.first_rows(x, &pack)?;
        weigh(tape, &y)
    });
    check_gradient(device, &x, |tape, x| {
        let y = tape.mean_pool(x, &pack)?;
        weigh(tape, &y)
    });
    check_gradient(device, &x, |tape, x| {
        let y = tape.row_sums(x)?;
        weigh(tape, &y)
    });
    check_gradient(device, &x, |tape, x| {
        let named = x.clone().with_rows(pack.token_rows())?;
        let y = tape.dropout(&named, Dropout::new(0.5, "dropout2")?)?;
        weigh(tape, &y)
    });
    check_gradient(device, &x, |tape, x| {
        let y = tape.softmax(x)?;
        weigh(tape, &y)
    });
}

fn elementwise_has_the_right_gradients<D: Device>(device: &D) {
    let positive: Vec<f64> = values(6, 17).into_iter().map(|x| x.abs() + 0.5).collect();
    let x = from::<_, f64, _>(device, (2usize, 3usize), &positive);
    let other =
        from::<_, f64, _>(device, (2usize, 3usize), &positive.iter().map(|x| 2.5 - x).collect::<Vec<_>>());
    let functions =
        [Unary::Exp, Unary::Ln, Unary::Sqrt, Unary::Square, Unary::Sigmoid, Unary::Affine(2.0, -1.0)];
    for f in functions.into_iter().chain(ACTIVATIONS.map(Unary::Activation)) {
        check_gradient(device, &x, |tape, x| {
            let y = tape.unary(x, f)?;
            weigh(tape, &y)
        });
    }
    for f in [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div] {
        check_gradient(device, &x, |tape, x| {
            let y = tape.binary(x, &other, f)?;
            weigh(tape, &y)
        });
        check_gradient(device, &x, |tape, x| {
            let y = tape.binary(&other, x, f)?;
            weigh(tape, &y)
        });
    }
    let row = tensor::<_, f64, _>(device, (3usize,), 18);
    for f in [Broadcast::Add, Broadcast::Mul] {
        check_gradient(device, &x, |tape, x| {
            let y = tape.broadcast(x, &row, f)?;
            weigh(tape, &y)
        });
        check_gradient(device, &row, |tape, row| {
            let y = tape.broadcast(&x, row, f)?;
            weigh(tape, &y)
        });
    }
}

fn matmul_has_the_right_gradients<D: Device>(device: &D) {
    let a = tensor::<_, f64, _>(device, (2usize, 4usize), 19);
    let b = tensor::<_, f64, _>(device, (4usize, 3usize), 20);
    check_gradient(device, &a, |tape, a| {
        let c = tape.matmul(a, &b)?;
        weigh(tape, &c)
    });
    check_gradient(device, &b, |tape, b| {
        let c = tape.matmul(&a, b)?;
        weigh(tape, &c)
    });
}

fn a_tensor_used_twice_adds_its_gradients<D: Device>(device: &D) {
    let x = tensor::<_, f64, _>(device, (2usize, 2usize), 21);
    check_gradient(device, &x, |tape, x| {
        let (square, e) = (tape.unary(x, Unary::Square)?, tape.unary(x, Unary::Exp)?);
        let y = tape.binary(&square, &e, Binary::Mul)?;
        weigh(tape, &y)
    });
}

fn a_checkpoint_gives_the_same_bits<D: Device>(device: &D) {
    let pack = pack();
    let x = tensor::<_, f64, _>(device, (8usize, 5usize), 22).with_rows(pack.token_rows()).unwrap();
    let layer = linear(device);
    let part = {
        let layer = layer.clone();
        move |tape: &mut Tape<f64, D>, x: &Tensor<(usize, usize), f64, D>| {
            let y = tape.linear(x, &layer, Activation::Gelu)?;
            tape.dropout(&y, Dropout::new(0.5, "dropout3")?)
        }
    };
    let run = |checkpointed: bool| {
        let mut tape = Tape::training(device, 1, 2);
        let x = tape.watch(&x);
        let y = if checkpointed { tape.checkpoint(&x, part.clone()) } else { part(&mut tape, &x) }.unwrap();
        let kept = tape.len();
        let loss = weigh(&mut tape, &y).unwrap();
        let mut gradients = Gradients::new();
        let stop_at = [x.node().unwrap()];
        let plan = WalkPlan { stop_at: &stop_at, ..WalkPlan::only(&[(loss, 1.0)]).unwrap() };
        let dx = tape.walk(plan, &mut gradients).unwrap().pop().flatten().unwrap();
        let dw = gradients.get(layer.weight.id()).unwrap().to_dense(device, 15);
        (device.download(&dx), dw, loss.value, kept)
    };
    let (plain, again) = (run(false), run(true));
    assert_eq!((&plain.0, &plain.1, plain.2), (&again.0, &again.1, again.2));
    assert_eq!((plain.3, again.3), (2, 1), "a checkpoint keeps one operation");
}

fn with_recording_off_nothing_is_kept<D: Device>(device: &D) {
    let mut tape = Tape::inference(device);
    let x = tensor::<_, f64, _>(device, (4usize, 5usize), 3);
    let y = tape.linear(&x, &linear(device), Activation::Gelu).unwrap();
    assert!(tape.is_empty() && y.node().is_none());
    assert!(wide(&y).iter().all(|y| y.is_finite()));
    let loss = tape.total(&y, 1.0).unwrap();
    assert!(matches!(WalkPlan::<f64, D>::only(&[(loss, 1.0)]), Err(TensorError::NotRecorded)));
}

/// Notes the order in which gradients become final.
struct Order(Vec<mtl_core_tensor::ParamId>);

impl<D: Device> GradientSink<f64, D> for Order {
    fn accept(
        &mut self,
        _: &D,
        _: mtl_core_tensor::ParamId,
        _: Option<u32>,
        _: mtl_core_tensor::Gradient<f64, D>,
    ) {
    }
    fn finished(&mut self, _: &D, parameter: mtl_core_tensor::ParamId) {
        self.0.push(parameter);
    }
}

fn gradients_are_handed_over_once_final<D: Device>(device: &D) {
    let square = || Linear::new(tensor::<_, f64, _>(device, (5usize, 5usize), 23));
    let (first, second) = (square(), square());
    let x = tensor::<_, f64, _>(device, (4usize, 5usize), 24);
    let mut tape = Tape::recording(device);
    // The first layer is used twice: its gradient is final only after its first use is reached.
    let y = tape.linear(&x, &first, Activation::Tanh).unwrap();
    let y = tape.linear(&y, &second, Activation::Tanh).unwrap();
    let y = tape.linear(&y, &first, Activation::Tanh).unwrap();
    let loss = tape.total(&y, 1.0).unwrap();
    let mut order = Order(Vec::new());
    tape.walk(WalkPlan::only(&[(loss, 1.0)]).unwrap(), &mut order).unwrap();
    assert_eq!(order.0, [second.weight.id(), second.bias.id(), first.weight.id(), first.bias.id()]);
}

fn run_time_mismatches_are_errors_with_both_shapes<D: Device>(device: &D) {
    let x = tensor::<_, f64, _>(device, (4usize, 7usize), 3);
    let error = Tape::recording(device).linear(&x, &linear(device), Activation::None).unwrap_err();
    assert_eq!(error.to_string(), "linear expects input width [5] but got [7]");
    let mut other = Tape::recording(device);
    let watched = other.watch(&tensor::<_, f64, _>(device, (4usize, 5usize), 3));
    let error = Tape::recording(device).linear(&watched, &linear(device), Activation::None).unwrap_err();
    assert_eq!(error.to_string(), "linear: the tensor was recorded on another tape");
}

/// Runs each test body on each device.
macro_rules! on_each_device {
    ($($test:ident),* $(,)?) => {
        mod cpu {
            $(#[test] fn $test() { super::$test(&mtl_core_tensor::Cpu); })*
        }
        mod island {
            $(#[test] fn $test() { super::$test(&super::Island); })*
        }
    };
}

on_each_device!(
    linear_has_the_right_gradients,
    layer_norm_has_the_right_gradients,
    attention_has_the_right_gradients,
    query_key_value_has_the_right_gradients,
    embedding_has_the_right_gradient,
    losses_have_the_right_gradients,
    rows_have_the_right_gradients,
    elementwise_has_the_right_gradients,
    matmul_has_the_right_gradients,
    a_tensor_used_twice_adds_its_gradients,
    a_checkpoint_gives_the_same_bits,
    with_recording_off_nothing_is_kept,
    gradients_are_handed_over_once_final,
    run_time_mismatches_are_errors_with_both_shapes,
);
