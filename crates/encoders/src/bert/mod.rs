//! BERT (Devlin et al. 2019) over packed sequences.
//!
//! `Bert<Const<384>, Const<1536>, f32, Cpu>` has widths that the compiler checks; `Bert<usize, usize, f32, Cpu>`
//! takes any configuration. Both compute the same.

mod config;
mod table;

pub(crate) use config::File;
pub use config::{Activation, BertConfig};
pub use table::TABLE;

use crate::family::Family;
use crate::transformer::{Transformer, family_row};
use mtl_base::registry::{Method, Row};
use mtl_core_tensor::Device;
use mtl_core_tensor::element::Float;

/// A BERT of hidden size `H` and inner size `F`, with parameters of `M` on `D`.
///
/// Parameters have the names of Hugging Face folders without `bert.`, except that the weights and biases of
/// `query`, `key` and `value` are one parameter each, `query_key_value`.
pub type Bert<H, F, M, D> = Transformer<BertConfig, H, F, M, D>;

/// The family in the registry.
pub const METHOD: Method = Method::new(
    "encoder",
    "bert",
    "BERT",
    "Devlin et al. 2019, \"BERT\", https://arxiv.org/abs/1810.04805",
    "crates/encoders/src/bert/mod.rs",
);

/// The row of the registry.
pub(crate) fn family<E: Float, D: Device>() -> Row<Family<E, D>> {
    family_row::<BertConfig, E, D>(METHOD)
}
