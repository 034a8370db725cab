//! What tells one family of this body from another, and its row of the registry.

use super::Transformer;
use crate::bert::BertConfig;
use crate::error::{ConfigProblem, ConfigTextError, EncoderError};
use crate::family::{AnyEncoder, Family, Options, Reader};
use crate::form::{Configuration, Form};
use crate::signature::Signature;
use crate::table::{Table, Values};
use mtl_base::registry::{Method, Row};
use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Device, Pack};
use std::borrow::Cow;
use std::fmt::Debug;

/// The configuration of a family of this body, and how the family differs from others.
pub trait Variant: Copy + Debug + PartialEq + Send + Sync + 'static {
    /// How its folders are told from those of others.
    const SIGNATURE: Signature;

    /// Its parameters in folders.
    const TABLE: &'static Table;

    /// Reads the text of a `config.json`.
    fn from_json(text: &str) -> Result<Self, ConfigTextError>;

    /// The text of a `config.json`.
    fn to_json(&self) -> String;

    /// The sizes and rates.
    fn sizes(&self) -> &BertConfig;

    /// The same configuration with other sizes and rates.
    fn with_sizes(&self, sizes: BertConfig) -> Self;

    /// Errors if a number is outside its range, or sizes do not fit each other.
    fn check(&self) -> Result<(), ConfigProblem>;

    /// How many tokens a sequence may have.
    fn positions(&self) -> usize {
        self.sizes().max_positions
    }

    /// The row of the table of positions that each token of a pack reads, `(tokens,)`.
    fn position_ids<'a>(&self, pack: &'a Pack) -> Cow<'a, [u32]> {
        (&pack.positions).into()
    }

    /// The row of the table of segments that each token of a pack reads, `(tokens,)`.
    fn segment_ids<'a>(&self, pack: &'a Pack) -> Cow<'a, [u32]> {
        (&pack.segments).into()
    }
}

impl<C: Variant> Configuration for C {
    fn family(&self) -> &'static str {
        C::SIGNATURE.family
    }

    fn vocabulary(&self) -> usize {
        self.sizes().vocab_size
    }

    fn hidden(&self) -> usize {
        self.sizes().hidden_size
    }

    fn layers(&self) -> usize {
        self.sizes().layers
    }

    fn heads(&self) -> usize {
        self.sizes().heads
    }

    fn inner(&self) -> usize {
        self.sizes().intermediate_size
    }

    fn positions(&self) -> usize {
        Variant::positions(self)
    }

    fn dropout(&self) -> f64 {
        self.sizes().dropout
    }

    fn with_vocabulary(&self, vocabulary: usize) -> Form {
        Form::new(self.with_sizes(BertConfig { vocab_size: vocabulary, ..*self.sizes() }))
    }

    fn check(&self) -> Result<(), ConfigProblem> {
        Variant::check(self)
    }

    fn to_json(&self) -> String {
        Variant::to_json(self)
    }

    fn form(&self) -> Form {
        Form::new(*self)
    }
}

/// The row of a family of this body.
pub(crate) fn family_row<C: Variant, E: Float, D: Device>(method: Method) -> Row<Family<E, D>> {
    let read = |text: &str| C::from_json(text).map(Form::new);
    let deviation = |form: &Form| form.get::<C>().map_or(0.0, |config| config.sizes().initializer_range);
    let reader = Reader { signature: C::SIGNATURE, table: C::TABLE, read };
    Row { method, build: Family { reader, build: build::<C, E, D>, deviation } }
}

fn build<C: Variant, E: Float, D: Device>(
    device: &D,
    form: &Form,
    values: &dyn Values<E::Master>,
    options: &Options<'_>,
) -> Result<AnyEncoder<E, D>, EncoderError> {
    let other = || EncoderError::Family { expected: C::SIGNATURE.family.to_string(), got: form.family() };
    let config = form.get::<C>().ok_or_else(other)?;
    let rate = |own| options.dropout.unwrap_or(own);
    let sizes = config.sizes();
    let config = config.with_sizes(BertConfig {
        dropout: rate(sizes.dropout),
        attention_dropout: rate(sizes.attention_dropout),
        ..*sizes
    });
    Variant::check(&config)?;
    let pooling = options.pooling.unwrap_or_default();
    let mut encoder =
        Transformer::<C, usize, usize, E::Master, D>::build(device, &config, values, pooling, options.model)?;
    encoder.set_checkpoint_layers(options.checkpoint_layers);
    Ok(Box::new(encoder))
}
