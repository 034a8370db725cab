//! The registry of encoder families, and encoders of any of them.

use crate::error::{ConfigProblem, ConfigTextError, EncoderError, read_text};
use crate::form::Form;
use crate::pretrained::Folder;
use crate::signature::{Hints, Signature, quoted};
use crate::table::{Start, Table, Values};
use crate::{bert, roberta};
use mtl_base::registry::Row;
use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Cpu, Device, Encoder, Init, Pooling};
use std::path::Path;

/// An encoder of any family.
pub type AnyEncoder<E, D> = Box<dyn Encoder<E, D, Hidden = usize>>;

/// How an encoder is set up, whatever its family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options<'a> {
    /// The dropout of hidden states and of attention probabilities, in [0, 1); that of the form if none is given.
    pub dropout: Option<f64>,
    /// Whether layers keep only their input and run again in the backward pass.
    pub checkpoint_layers: bool,
    /// What stands for a sequence; what the family uses if none is given. With another than the family's own the encoder
    /// has no pooler: that is a layer over what the family pools.
    pub pooling: Option<Pooling>,
    /// The dotted name of the encoder in a model, which keys its draws: copies in one model have different ones.
    pub model: &'a str,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { dropout: None, checkpoint_layers: false, pooling: None, model: "encoder." }
    }
}

/// How forms of a family are recognised and read.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// How its folders are told from those of others.
    pub signature: Signature,
    /// Its parameters in folders.
    pub table: &'static Table,
    pub(crate) read: fn(&str) -> Result<Form, ConfigTextError>,
}

/// Builds an encoder of a form with these values.
pub(crate) type BuildFn<E, D> =
    fn(&D, &Form, &dyn Values<<E as Float>::Master>, &Options<'_>) -> Result<AnyEncoder<E, D>, EncoderError>;

/// A family of encoders with values of `E` on `D`: how its forms are read, and how its encoders are built.
#[derive(Debug)]
pub struct Family<E: Float, D: Device> {
    /// How its forms are recognised and read.
    pub reader: Reader,
    pub(crate) build: BuildFn<E, D>,
    /// The standard deviation of the first weights of a form.
    pub(crate) deviation: fn(&Form) -> f64,
}

/// Every family.
pub fn families<E: Float, D: Device>() -> Vec<Row<Family<E, D>>> {
    vec![bert::family(), roberta::family()]
}

/// Loads the encoder of a folder, of whatever family it is.
///
/// Errors if a file is missing, cut short or wrong, the family is unknown or cannot be told, a tensor is missing or has
/// another shape, the weights have more layers than `config.json` says, or an option is out of its range.
pub fn open<E: Float, D: Device>(
    folder: &Path,
    device: &D,
    options: &Options<'_>,
) -> Result<AnyEncoder<E, D>, EncoderError> {
    let path = Folder::config_path(folder)?;
    let text = read_text(&path)?;
    let reader = recognise(&path, &text, Some(folder))?;
    let form = Form::of_text(&reader, &path, &text)?;
    let weights = Folder::open(folder)?.of_family(reader.table);
    check_layers(&form, reader.table, &weights)
        .map_err(|problem| ConfigTextError::from(problem).in_file(&path, &text))?;
    (family_of(&form)?.build)(device, &form, &weights, options)
}

/// An encoder with random first values: weights and tables normal, drawn by (seed, name); gains 1, biases 0.
///
/// Errors if the form is invalid or an option is out of its range.
pub fn create<E: Float, D: Device>(
    form: &Form,
    device: &D,
    init: &Init,
    options: &Options<'_>,
) -> Result<AnyEncoder<E, D>, EncoderError> {
    let family = family_of(form)?;
    let start = Start { init, deviation: (family.deviation)(form) };
    (family.build)(device, form, &start, options)
}

/// The family of a form. Errors if it is not in the registry.
fn family_of<E: Float, D: Device>(form: &Form) -> Result<Family<E, D>, EncoderError> {
    let rows = families();
    let names: Vec<&str> = rows.iter().map(|row| row.method.name).collect();
    let unknown = EncoderError::Family { expected: names.join(", "), got: form.family() };
    let row = rows.into_iter().find(|row| row.method.name == form.family());
    row.map(|row| row.build).ok_or(unknown)
}

/// How to read the text of a `config.json`: by its `model_type`, else by its `architectures`, else by the prefix of the
/// tensors beside it.
pub(crate) fn recognise(path: &Path, text: &str, folder: Option<&Path>) -> Result<Reader, EncoderError> {
    let fail = |error: ConfigTextError| error.in_file(path, text);
    let hints: Hints = serde_json::from_str(text).map_err(|error| fail(error.into()))?;
    let readers: Vec<Reader> = families::<f32, Cpu>().into_iter().map(|row| row.build.reader).collect();
    if let Some(reader) = readers.iter().find(|reader| reader.signature.is_named(&hints)) {
        return Ok(*reader);
    }
    let known = || {
        let types: Vec<&str> =
            readers.iter().flat_map(|reader| reader.signature.model_types).copied().collect();
        quoted(&types)
    };
    if let Some(got) = hints.model_type() {
        return Err(fail(ConfigProblem::ModelType { got: got.into(), known: known() }.into()));
    }
    if let (Some(folder), false) = (folder, hints.name_a_family()) {
        let weights = Folder::open(folder)?;
        let is_of = |reader: &&Reader| {
            let prefix = weights.prefix_before(reader.table.landmark());
            prefix.is_some_and(|prefix| reader.signature.is_prefix(prefix))
        };
        if let Some(reader) = readers.iter().find(is_of) {
            return Ok(*reader);
        }
    }
    Err(fail(ConfigProblem::NoModelType { known: known() }.into()))
}

/// Errors if weights have layers that the form lacks: they would be left out in silence.
pub(crate) fn check_layers(form: &Form, table: &Table, weights: &Folder) -> Result<(), ConfigProblem> {
    let (got, weights) = (form.layers(), table.layers(weights.names()));
    if weights > got { Err(ConfigProblem::Layers { got, weights }) } else { Ok(()) }
}
