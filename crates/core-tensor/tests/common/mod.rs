//! What the tests of operations share: repeatable values, comparisons, gradients by finite differences.
#![allow(dead_code, reason = "each test file uses a part of this module")]

pub mod small;

use mtl_core_tensor::kernels::isa::Isa;
use mtl_core_tensor::kernels::random::philox;
use mtl_core_tensor::shape::Shape;
use mtl_core_tensor::{Device, Float, Loss, Pack, Tape, Tensor, TensorError, WalkPlan};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long the tests of one path may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs the tests of this file again, but for the one of this name, on each lesser path that this processor has.
pub fn run_on_lesser_paths(skipped: &str) {
    for path in Isa::ALL.into_iter().filter(|&path| path < Isa::current()) {
        let mut tests = Command::new(std::env::current_exe().expect("a test knows its file"))
            .args(["--skip", skipped])
            .env("MTL_ISA", path.name())
            .stdout(Stdio::null())
            .spawn()
            .expect("a test can be run again");
        let start = Instant::now();
        let status = loop {
            match tests.try_wait().expect("a running test can be asked for") {
                Some(status) => break status,
                None if start.elapsed() < LIMIT => std::thread::sleep(Duration::from_millis(20)),
                None => {
                    tests.kill().expect("a running test can be stopped");
                    tests.wait().expect("a stopped test ends");
                    panic!("the tests of the {path} path took longer than {LIMIT:?}");
                }
            }
        };
        assert!(status.success(), "the tests fail on the {path} path: run them with MTL_ISA={path}");
    }
}

/// `n` repeatable values in [-1, 1).
pub fn values(n: usize, seed: u32) -> Vec<f64> {
    let draw = |i: usize| philox([i as u32, seed, 0, 0], [1, 2])[0];
    (0..n).map(|i| f64::from(draw(i)) / f64::from(1u32 << 31) - 1.0).collect()
}

/// A tensor of repeatable values.
pub fn tensor<S: Shape, E: Float, D: Device>(device: &D, shape: S, seed: u32) -> Tensor<S, E, D> {
    from(device, shape, &values(shape.num_elements(), seed))
}

/// A tensor of given values, rounded to its type.
pub fn from<S: Shape, E: Float, D: Device>(device: &D, shape: S, values: &[f64]) -> Tensor<S, E, D> {
    let values: Vec<E> = values.iter().map(|&x| E::of(x)).collect();
    Tensor::from_slice(device, shape, &values).expect("as many values as the shape has")
}

/// The values of a tensor.
pub fn wide<S: Shape, E: Float, D: Device>(tensor: &Tensor<S, E, D>) -> Vec<f64> {
    tensor.to_vec().into_iter().map(Float::to_f64).collect()
}

/// Three sequences of 3, 1 and 4 tokens, the middle one of task 1.
pub fn pack() -> Pack {
    let mut pack = Pack::new();
    pack.push(&[3, 1, 4], &[0, 0, 1], 0, vec![0]);
    pack.push(&[1], &[0], 5, vec![1]);
    pack.push(&[2, 0, 1, 2], &[0, 0, 0, 0], 2, vec![0]);
    pack
}

/// Panics unless the values agree within `tolerance`, absolute below 1 and relative above.
#[track_caller]
pub fn assert_close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((g - w).abs() <= tolerance * w.abs().max(1.0), "element {i}: {g}, expected {w}");
    }
}

/// Walks a loss back to a watched tensor and checks its gradient against central differences.
#[track_caller]
pub fn check_gradient<S: Shape, D: Device>(
    device: &D,
    x: &Tensor<S, f64, D>,
    loss: impl Fn(&mut Tape<f64, D>, &Tensor<S, f64, D>) -> Result<Loss, TensorError>,
) {
    let mut tape = Tape::training(device, 11, 3);
    let watched = tape.watch(x);
    let value = loss(&mut tape, &watched).expect("the operation runs");
    let stop_at = [watched.node().expect("recording is on")];
    let plan = WalkPlan { stop_at: &stop_at, ..WalkPlan::only(&[(value, 1.0)]).expect("recorded") };
    let stopped = tape.walk(plan, &mut mtl_core_tensor::Gradients::new()).expect("the walk runs");
    let gradient = device.download(stopped[0].as_ref().expect("a gradient reaches the input"));
    let numeric = differences(device, x, &loss);
    assert_close(&gradient, &numeric, 2e-6);
}

/// The gradient of a loss by central differences.
pub fn differences<S: Shape, D: Device>(
    device: &D,
    x: &Tensor<S, f64, D>,
    loss: &impl Fn(&mut Tape<f64, D>, &Tensor<S, f64, D>) -> Result<Loss, TensorError>,
) -> Vec<f64> {
    let (base, h) = (wide(x), 1e-5);
    let at = |i: usize, by: f64| {
        let mut moved = base.clone();
        moved[i] += by;
        let x = from(device, *x.shape(), &moved);
        loss(&mut Tape::training(device, 11, 3), &x).expect("the operation runs").value
    };
    (0..base.len()).map(|i| (at(i, h) - at(i, -h)) / (2.0 * h)).collect()
}
