//! The one place that builds a model: where the device, the precision, the family of the encoder, the architecture and the
//! heads are chosen.

use std::path::Path;

use mtl_base::registry;
use mtl_core_tensor::device::Count;
use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Architecture, Cpu, Device, Head, Init, Penalty, bf16};
use mtl_data::Tokenizer;
use mtl_encoders::{AnyEncoder, Form, Options as EncoderOptions};
use mtl_heads::{Classification, HeadConfig, MultiLabel, Regression, TokenClassification};
use mtl_sharing::adapter::{self, AdapterParts};
use mtl_sharing::architecture::{self, Parts};
use mtl_sharing::{GradientKind, penalty};

use crate::config::{Config, EncoderOrigin, Precision, TaskKind};
use crate::error::TrainError;
use crate::model::Model;
use crate::prepare::Text;
use crate::spec::TaskSpec;

/// A model in the precision of its run.
#[derive(Debug)]
pub enum AnyModel {
    /// In f32.
    F32(Model<f32, Cpu>),
    /// In bf16, with parameters in f32.
    Bf16(Model<bf16, Cpu>),
}

/// Evaluates an expression with a model of any precision.
macro_rules! with_model {
    ($any:expr, $model:pat => $body:expr) => {
        match $any {
            $crate::build::AnyModel::F32($model) => $body,
            $crate::build::AnyModel::Bf16($model) => $body,
        }
    };
}

/// Evaluates an expression with the element type of a precision.
macro_rules! in_precision {
    ($precision:expr, $element:ident => $body:expr) => {
        match $precision {
            $crate::config::Precision::F32 => {
                type $element = f32;
                $body
            }
            $crate::config::Precision::Bf16 => {
                type $element = mtl_core_tensor::bf16;
                $body
            }
        }
    };
}

pub(crate) use {in_precision, with_model};

/// The device that runs are made on.
pub fn device() -> Cpu {
    Cpu
}

/// The model of a configuration before its first step.
///
/// Errors if the encoder's folder is refused, does not fit the tokenizer, or has too few positions; if a method's settings
/// are refused; or if a method works on what tasks share, and they share nothing.
pub fn model<E: Float<Master = f32>, D: Device>(
    config: &Config,
    text: &Text,
    device: &D,
) -> Result<Model<E, D>, TrainError> {
    let (specs, tokenizer) = (text.dataset.specs(), &text.tokenizer);
    let model = assemble(config, &specs, device, &|name| encoder(config, tokenizer, name, device))?;
    check_positions(config, &model)?;
    let misfit = |error| config.error_at(tokenizer_key(config), error);
    tokenizer.check_vocabulary(model.architecture.form().vocabulary()).map_err(misfit)?;
    check_shared(config, &model)?;
    Ok(model)
}

/// As [`model`], in the precision of the configuration.
pub fn any_model(config: &Config, text: &Text) -> Result<AnyModel, TrainError> {
    Ok(match config.train.precision {
        Precision::F32 => AnyModel::F32(model(config, text, &device())?),
        Precision::Bf16 => AnyModel::Bf16(model(config, text, &device())?),
    })
}

/// A model of the form of a finished run, whose exported encoder is in `folder`.
///
/// Of a run of version 0.1, the encoder's weights are those of the folder; otherwise all weights are to be loaded.
///
/// Errors if the folder is refused.
pub(crate) fn reopened(config: &Config, tasks: &[TaskSpec], folder: &Path) -> Result<AnyModel, TrainError> {
    Ok(match config.train.precision {
        Precision::F32 => AnyModel::F32(reopened_on(config, tasks, folder, &device())?),
        Precision::Bf16 => AnyModel::Bf16(reopened_on(config, tasks, folder, &device())?),
    })
}

fn reopened_on<E: Float<Master = f32>, D: Device>(
    config: &Config,
    tasks: &[TaskSpec],
    folder: &Path,
    device: &D,
) -> Result<Model<E, D>, TrainError> {
    let has_weights = ["model.safetensors", "model.safetensors.index.json"];
    let has_weights = has_weights.iter().any(|file| folder.join(file).is_file());
    assemble(config, tasks, device, &|name| {
        let name = format!("{name}.");
        let options = encoder_options(config, &name);
        if has_weights {
            return Ok(mtl_encoders::open(folder, device, &options)?);
        }
        let form = Form::read(&folder.join("config.json"))?;
        Ok(mtl_encoders::create(&form, device, &Init::new(config.seed), &options)?)
    })
}

/// A model of the configuration's form on a device that only counts, with so many token ids.
///
/// Errors if the encoder's form or a method's settings are refused.
pub(crate) fn dry_model<E: Float<Master = f32>>(
    config: &Config,
    tasks: &[TaskSpec],
    vocabulary: usize,
    count: &Count,
) -> Result<Model<E, Count>, TrainError> {
    let form = form(config)?.with_vocabulary(vocabulary);
    assemble(config, tasks, count, &|name| {
        let name = format!("{name}.");
        Ok(mtl_encoders::create(&form, count, &Init::zeros(), &encoder_options(config, &name))?)
    })
}

/// The form of a configuration's encoder.
fn form(config: &Config) -> Result<Form, TrainError> {
    match &config.encoder.origin {
        EncoderOrigin::From(folder) => Ok(Form::read(&config.path(folder))?),
        EncoderOrigin::Preset(name) => {
            Ok(mtl_encoders::preset(name).expect("the configuration accepts only names of presets"))
        }
    }
}

/// A model of encoders that `encoder` makes by their names.
fn assemble<E: Float<Master = f32>, D: Device>(
    config: &Config,
    tasks: &[TaskSpec],
    device: &D,
    encoder: &dyn Fn(&str) -> Result<AnyEncoder<E, D>, TrainError>,
) -> Result<Model<E, D>, TrainError> {
    let names: Vec<String> = tasks.iter().map(|task| task.name.clone()).collect();
    let architecture = architecture_of(config, &names, device, encoder)?;
    let (hidden, dropout) = (architecture.form().hidden(), architecture.form().dropout());
    let init = Init::new(config.seed).part("heads");
    let head = |task: &TaskSpec| {
        let init = init.part(&task.name);
        let head = head(task, device, hidden, HeadConfig { dropout }, config.train.label_smoothing, &init)?;
        Ok((task.name.clone(), head))
    };
    let heads = tasks.iter().map(head).collect::<Result<_, TrainError>>()?;
    Ok(Model { device: device.clone(), architecture, heads })
}

fn architecture_of<E: Float<Master = f32>, D: Device>(
    config: &Config,
    tasks: &[String],
    device: &D,
    encoder: &dyn Fn(&str) -> Result<AnyEncoder<E, D>, TrainError>,
) -> Result<Box<dyn Architecture<usize, E, D>>, TrainError> {
    let chosen = &config.sharing.architecture;
    let rows = architecture::architectures::<usize, E, D>();
    let row =
        registry::find(&rows, chosen.name()).expect("the configuration accepts only names of architectures");
    let names = (row.build.encoders)(&chosen.settings, tasks);
    let encoders: Vec<(String, AnyEncoder<E, D>)> = names
        .into_iter()
        .map(|name| Ok((name.clone(), encoder(&name)?)))
        .collect::<Result<_, TrainError>>()?;
    let init = Init::new(config.seed);
    let mut adapters = Vec::new();
    if let Some(chosen) = &config.sharing.adapter {
        let form = &encoders[0].1;
        let parts = AdapterParts {
            device: device.clone(),
            hidden: form.hidden(),
            inner: form.inner(),
            layers: form.layers(),
            tasks: tasks.to_vec(),
            init: init.clone(),
        };
        let rows = adapter::adapters::<usize, E, D>();
        let row =
            registry::find(&rows, chosen.name()).expect("the configuration accepts only names of adapters");
        adapters = (row.build)(&chosen.settings, parts)?;
    }
    let parts = Parts { encoders, tasks: tasks.to_vec(), device: device.clone(), init, adapters };
    Ok((row.build.build)(&chosen.settings, parts)?)
}

/// The encoder of a folder, or a preset with as many token embeddings as the tokenizer has tokens, under a name in the
/// model.
fn encoder<E: Float<Master = f32>, D: Device>(
    config: &Config,
    tokenizer: &Tokenizer,
    name: &str,
    device: &D,
) -> Result<AnyEncoder<E, D>, TrainError> {
    let name = format!("{name}.");
    let options = encoder_options(config, &name);
    match &config.encoder.origin {
        EncoderOrigin::From(folder) => Ok(mtl_encoders::open(&config.path(folder), device, &options)?),
        EncoderOrigin::Preset(_) => {
            let form = form(config)?.with_vocabulary(tokenizer.vocabulary_size());
            // All copies start alike: the draws are those of the one encoder that tasks might share.
            let init = Init::new(config.seed).part("encoder");
            Ok(mtl_encoders::create(&form, device, &init, &options)?)
        }
    }
}

/// `model` is the dotted name of the encoder in the model, with the dot.
fn encoder_options<'a>(config: &Config, model: &'a str) -> EncoderOptions<'a> {
    EncoderOptions {
        dropout: config.encoder.dropout,
        checkpoint_layers: config.encoder.checkpoint_layers,
        pooling: None,
        model,
    }
}

/// The head of a task, by its kind.
fn head<E: Float<Master = f32>, D: Device>(
    task: &TaskSpec,
    device: &D,
    hidden: usize,
    config: HeadConfig,
    smoothing: f64,
    init: &Init,
) -> Result<Box<dyn Head<usize, E, D>>, TrainError> {
    let labels = task.labels.len();
    Ok(match task.kind {
        TaskKind::Classification => Box::new(
            Classification::new(device, hidden, labels, config, init)?.with_label_smoothing(smoothing)?,
        ),
        TaskKind::MultiLabel => Box::new(MultiLabel::new(device, hidden, labels, config, init)?),
        TaskKind::Regression => {
            let scale = task.scale.unwrap_or([0.0, 1.0]);
            Box::new(Regression::new(device, hidden, scale, config, init)?)
        }
        TaskKind::TokenClassification => Box::new(
            TokenClassification::new(device, hidden, labels, config, init)?
                .with_label_smoothing(smoothing)?,
        ),
    })
}

/// The penalties of a configuration.
///
/// Errors if a penalty refuses its settings.
pub(crate) fn penalties<D: Device>(config: &Config) -> Result<Vec<Box<dyn Penalty<f32, D>>>, TrainError> {
    let rows = penalty::penalties::<f32, D>();
    let build = |chosen: &crate::config::MethodConfig| {
        let row =
            registry::find(&rows, chosen.name()).expect("the configuration accepts only names of penalties");
        Ok((row.build)(&chosen.settings, config.tasks.len())?)
    };
    config.sharing.penalties.iter().map(build).collect()
}

fn check_positions<E: Float, D: Device>(config: &Config, model: &Model<E, D>) -> Result<(), TrainError> {
    let (max_tokens, positions) = (config.encoder.max_tokens, model.architecture.form().positions());
    if max_tokens > positions {
        return Err(config.error_at("encoder.max_tokens", TrainError::TooLong { max_tokens, positions }));
    }
    Ok(())
}

/// Errors if a method works on what tasks share, and they share nothing.
fn check_shared<E: Float<Master = f32>, D: Device>(
    config: &Config,
    model: &Model<E, D>,
) -> Result<(), TrainError> {
    let sharing = &config.sharing;
    let refused = |key, method, plain| {
        let architecture = sharing.architecture.name();
        let error = TrainError::NothingShared { key, method, architecture, plain };
        Err(config.error_at(&format!("sharing.{key}"), error))
    };
    if config.tasks.len() < 2 {
        return Ok(());
    }
    let nothing_shared = model.shared().is_empty();
    let weighting = sharing.weighting.build(&config.task_losses(), config.seed)?;
    if sharing.gradients.kind != GradientKind::Sum && nothing_shared {
        return refused("gradients", sharing.gradients.kind.name(), GradientKind::Sum.name());
    }
    if weighting.needs().gradient_norms && model.architecture.last_shared().is_empty() {
        return refused("weighting", sharing.weighting.kind().name(), "equal");
    }
    Ok(())
}

/// The key that says which tokenizer is used.
fn tokenizer_key(config: &Config) -> &'static str {
    if config.encoder.tokenizer.is_some() { "encoder.tokenizer" } else { "encoder.from" }
}
