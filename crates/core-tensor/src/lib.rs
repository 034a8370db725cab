#![doc = include_str!("../README.md")]
// A library hands back values and errors: it does not print, and a missing value is an error or says why it cannot be.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]
// The memory pool, the vector kernels, and disjoint writes from threads.
#![allow(unsafe_code)]

pub mod device;
pub mod element;
pub mod error;
pub mod init;
pub mod interop;
pub mod kernels;
pub mod model;
pub mod ops;
pub mod optim;
pub mod pack;
pub mod param;
pub mod profile;
mod saved;
pub mod shape;
pub mod special;
pub mod tape;
pub mod tensor;
pub mod threads;
pub mod weights;

pub use device::{Activation, Count, Cpu, Device, Island};
pub use element::{DType, Element, Float, Real, bf16};
pub use error::{FileAction, FileProblem, TensorError};
pub use init::Init;
pub use model::{
    Architecture, Copies, Encoded, Encoder, Encoding, Export, Figure, Head, Hook, Hooks, NamedEncoder, Owner,
    Penalty, Pooling, Prediction, ReadRows, Reads, Site, SiteInput, Targets,
};
pub use ops::attention::{Attention, QueryKeyValue};
pub use ops::cross_entropy::IGNORED;
pub use ops::dropout::Dropout;
pub use ops::embedding::Embedding;
pub use ops::layer_norm::LayerNorm;
pub use ops::linear::Linear;
pub use ops::loss_of::LossAndGradient;
pub use pack::{Pack, Rows};
pub use param::{Module, Param, ParamId, ParamView, Role};
pub use tape::{
    ElementwiseSink, Gradient, GradientSink, Gradients, GramSink, GramWalk, Keep, Kept, Loss,
    PerTaskGradients, Seed, Tape, TaskElements, TaskGradientsAt, WalkPlan,
};
pub use tensor::Tensor;
pub use weights::{NamedTensor, WeightFile};
