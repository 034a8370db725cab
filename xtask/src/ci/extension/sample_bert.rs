//! A sample of an encoder family: the body of BERT, in which all tokens are of the first segment.

use crate::bert::{BertConfig, File, TABLE};
use crate::error::{ConfigProblem, ConfigTextError};
use crate::family::Family;
use crate::signature::Signature;
use crate::table::Table;
use crate::transformer::{Variant, family_row};
use mtl_base::registry::{Method, Row};
use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Device, Pack};
use std::borrow::Cow;

/// The family in the registry.
pub const METHOD: Method =
    Method::new("encoder", "sample-bert", "BERT of one segment", "", "crates/encoders/src/sample_bert.rs");

/// The row of the registry.
pub(crate) fn family<E: Float, D: Device>() -> Row<Family<E, D>> {
    family_row::<OneSegment, E, D>(METHOD)
}

/// The sizes and rates, which are those of a BERT.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneSegment(BertConfig);

impl Variant for OneSegment {
    const SIGNATURE: Signature = Signature {
        family: "sample-bert",
        model_types: &["sample-bert"],
        architecture: "SampleBert",
        prefix: "sample_bert.",
    };
    const TABLE: &'static Table = &TABLE;

    fn from_json(text: &str) -> Result<Self, ConfigTextError> {
        let file: File = serde_json::from_str(text)?;
        Self::SIGNATURE.check(&file.hints)?;
        let sizes = file.sizes()?;
        sizes.check()?;
        Ok(OneSegment(sizes))
    }

    fn to_json(&self) -> String {
        self.0.json_of("SampleBertModel", "sample-bert", 0)
    }

    fn sizes(&self) -> &BertConfig {
        &self.0
    }

    fn with_sizes(&self, sizes: BertConfig) -> Self {
        OneSegment(sizes)
    }

    fn check(&self) -> Result<(), ConfigProblem> {
        self.0.check()
    }

    fn segment_ids<'a>(&self, pack: &'a Pack) -> Cow<'a, [u32]> {
        vec![0; pack.tokens()].into()
    }
}
