#![doc = include_str!("../README.md")]

mod acting;
pub mod bert;
mod build;
pub mod error;
pub mod family;
pub mod form;
pub mod presets;
pub mod pretrained;
pub mod roberta;
mod signature;
pub mod table;
pub mod transformer;

pub use bert::{Bert, BertConfig};
pub use error::{ConfigProblem, EncoderError};
pub use family::{AnyEncoder, Family, Options, create, families, open};
pub use form::{Configuration, Form};
pub use presets::{PRESETS, preset};
pub use roberta::{Roberta, RobertaConfig};
pub use signature::Signature;
