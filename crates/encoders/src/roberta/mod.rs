//! RoBERTa (Liu et al. 2019) over packed sequences: the body of BERT without segments, with positions that begin after
//! the number of the padding token.
//!
//! `Roberta<Const<768>, Const<3072>, f32, Cpu>` has widths that the compiler checks; `Roberta<usize, usize, f32, Cpu>`
//! takes any configuration. Both compute the same.

mod config;

pub use config::RobertaConfig;

use crate::family::Family;
use crate::transformer::{Transformer, family_row};
use mtl_base::registry::{Method, Row};
use mtl_core_tensor::Device;
use mtl_core_tensor::element::Float;

/// A RoBERTa of hidden size `H` and inner size `F`, with parameters of `M` on `D`.
///
/// Parameters have the names of [`Bert`](crate::Bert)'s.
pub type Roberta<H, F, M, D> = Transformer<RobertaConfig, H, F, M, D>;

/// The family in the registry.
pub const METHOD: Method = Method::new(
    "encoder",
    "roberta",
    "RoBERTa",
    "Liu et al. 2019, \"RoBERTa\", https://arxiv.org/abs/1907.11692",
    "crates/encoders/src/roberta/mod.rs",
);

/// The row of the registry.
pub(crate) fn family<E: Float, D: Device>() -> Row<Family<E, D>> {
    family_row::<RobertaConfig, E, D>(METHOD)
}
