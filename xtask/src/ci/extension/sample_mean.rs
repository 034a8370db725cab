//! A sample of an architecture: each task has a copy of the encoder, and after each layer all copies go on with the mean.
//!
//! ```text
//! z_t = 1/T  sum over s of y_s        after each layer, with y_s the output of the copy of task s
//! ```

use mtl_base::{Method, Settings};
use mtl_core_tensor::device::{Binary, Unary};
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{Architecture, Device, Figure, Module, ParamId, ParamView, Tape, Tensor, TensorError};

use super::{ArchitectureBuild, Exchange, Parts, PerTask, copies};
use crate::SharingError;

/// Means after each layer.
pub const METHOD: Method = Method::new(
    "architecture",
    "sample-mean",
    "means of the copies after each layer",
    "",
    "crates/sharing/src/architecture/sample_mean.rs",
);

/// How it is built: of an encoder for each task, `encoders.TASK`.
pub fn builder<H: Dim, E: Float, D: Device>() -> ArchitectureBuild<H, E, D> {
    ArchitectureBuild { encoders: copies, build }
}

fn build<H: Dim, E: Float, D: Device>(
    _settings: &Settings,
    parts: Parts<H, E, D>,
) -> Result<Box<dyn Architecture<H, E, D>>, SharingError> {
    Ok(Box::new(PerTask::new(METHOD.name, parts, Some(Box::new(Mean)))?))
}

/// The mean, which has no parameters.
#[derive(Debug)]
struct Mean;

impl<M: Real, D: Device> Module<M, D> for Mean {
    fn visit(&self, _visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {}
}

impl<H: Dim, E: Float, D: Device> Exchange<H, E, D> for Mean {
    fn after_layer(
        &self,
        _layer: usize,
        _task: usize,
        tape: &mut Tape<E, D>,
        outputs: &[Tensor<(usize, H), E, D>],
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        let mut sum = outputs[0].clone();
        for output in &outputs[1..] {
            sum = tape.binary(&sum, output, Binary::Add)?;
        }
        tape.unary(&sum, Unary::Affine(1.0 / outputs.len() as f64, 0.0))
    }

    fn layer_parameters(&self, _layer: usize) -> Vec<ParamId> {
        Vec::new()
    }

    /// How much of each copy goes on in each, which is fixed.
    fn report(&self, tasks: &[String]) -> Vec<Figure> {
        let (title, share) = ("means of copies: row reads column".to_owned(), 1.0 / tasks.len() as f64);
        let values = vec![share; tasks.len() * tasks.len()];
        vec![Figure { title, rows: tasks.to_vec(), columns: tasks.to_vec(), values }]
    }
}
