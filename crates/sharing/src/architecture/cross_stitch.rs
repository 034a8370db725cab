//! Cross-stitch units: each task has a copy of the encoder, and after each layer the copies' outputs are mixed.
//!
//! ```text
//! z_t = sum over s of a_ts y_s        after each layer, with y_s the output of the copy of task s
//! ```
//!
//! The next layer of copy t reads z_t; the head of task t reads z_t of the last layer. The T x T coefficients of a layer
//! are learned, one matrix for all channels, and start at `own` on the diagonal and (1 - own)/(T - 1) beside it.
//!
//! Ishan Misra, Abhinav Shrivastava, Abhinav Gupta, Martial Hebert: *Cross-stitch Networks for Multi-task Learning*,
//! CVPR 2016, equation (1); the first values are those of section 5.1 (.9 and .1 for two tasks).
//!
//! Placement: the paper puts units after the pooling layers and the fully connected layers of AlexNet, that is after
//! each stage of the network; here they are after each layer of the encoder, not after the embeddings or the pooler.
//! Differences from the paper: its units on activation maps have a coefficient for each channel, here each layer has one matrix.
//! The coefficients do not decay.

use mtl_base::registry::{Default, Range};
use mtl_base::{Key, Method, Settings};
use mtl_core_tensor::element::{Float, Real};
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{
    Architecture, Device, Figure, Module, Param, ParamId, ParamView, Role, Tape, Tensor, TensorError,
};

use super::{ArchitectureBuild, Exchange, Parts, PerTask, copies};
use crate::SharingError;

/// Cross-stitch units.
pub const METHOD: Method = Method::new(
    "architecture",
    "cross-stitch",
    "cross-stitch units",
    "Misra et al. 2016",
    "crates/sharing/src/architecture/cross_stitch.rs",
)
.with(&[Key {
    name: "own",
    default: Default::Number(0.9),
    range: Range::Share,
    meaning: "first weight of a task's own layer; the others share the rest",
}]);

/// How it is built: of an encoder for each task, `encoders.TASK`.
pub fn builder<H: Dim, E: Float, D: Device>() -> ArchitectureBuild<H, E, D> {
    ArchitectureBuild { encoders: copies, build }
}

fn build<H: Dim, E: Float, D: Device>(
    settings: &Settings,
    parts: Parts<H, E, D>,
) -> Result<Box<dyn Architecture<H, E, D>>, SharingError> {
    let (n_tasks, least) = (parts.tasks.len(), 2);
    if n_tasks < least {
        return Err(SharingError::TooFewTasks { architecture: METHOD.name, expected: least, got: n_tasks });
    }
    let layers = parts.encoders.first().map_or(0, |(_, encoder)| encoder.layers());
    let stitches = CrossStitch::new(&parts.device, n_tasks, layers, settings.number("own"));
    Ok(Box::new(PerTask::new(METHOD.name, parts, Some(Box::new(stitches)))?))
}

/// The coefficients of each layer.
#[derive(Debug)]
#[doc(alias = "cross-stitch network")]
pub struct CrossStitch<M: Real, D: Device> {
    n_tasks: usize,
    /// Of each layer, `(tasks, tasks)`: row t makes what goes on in the copy of task t.
    layers: Vec<Param<(usize, usize), M, D>>,
}

impl<M: Real, D: Device> CrossStitch<M, D> {
    /// Coefficients of `own` for a task's own layer and equal ones, that sum with it to 1, for the others'.
    pub fn new(device: &D, n_tasks: usize, layers: usize, own: f64) -> Self {
        let others = (1.0 - own) / n_tasks.saturating_sub(1).max(1) as f64;
        let first: Vec<M> = (0..n_tasks * n_tasks)
            .map(|at| M::from_f64(if at / n_tasks == at % n_tasks { own } else { others }))
            .collect();
        let param = |_| {
            let value = Tensor::from_slice(device, (n_tasks, n_tasks), &first).expect("one for each pair");
            Param::new(Role::BiasOrNorm, value)
        };
        CrossStitch { n_tasks, layers: (0..layers).map(param).collect() }
    }
}

impl<M: Real, D: Device> Module<M, D> for CrossStitch<M, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, M, D>)) {
        for (layer, coefficients) in self.layers.iter().enumerate() {
            visitor(&format!("cross-stitch.layer.{layer}.coefficients"), coefficients.view());
        }
    }
}

impl<H: Dim, E: Float, D: Device> Exchange<H, E, D> for CrossStitch<E::Master, D> {
    fn after_layer(
        &self,
        layer: usize,
        task: usize,
        tape: &mut Tape<E, D>,
        outputs: &[Tensor<(usize, H), E, D>],
    ) -> Result<Tensor<(usize, H), E, D>, TensorError> {
        let outputs: Vec<_> = outputs.iter().collect();
        tape.mix(&outputs, &self.layers[layer], task * self.n_tasks)
    }

    fn layer_parameters(&self, layer: usize) -> Vec<ParamId> {
        self.layers.get(layer).map(Param::id).into_iter().collect()
    }

    fn report(&self, tasks: &[String]) -> Vec<Figure> {
        let figure = |(layer, coefficients): (usize, &Param<(usize, usize), E::Master, D>)| Figure {
            title: format!("cross-stitch coefficients after layer {layer}: row reads column"),
            rows: tasks.to_vec(),
            columns: tasks.to_vec(),
            values: coefficients.value().to_vec().iter().map(|value| value.as_f64()).collect(),
        };
        self.layers.iter().enumerate().map(figure).collect()
    }
}
