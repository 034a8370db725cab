//! The saved state of a run.
//!
//! `checkpoint/state.json` holds everything small and names the files of tensors that belong to it. A checkpoint
//! writes its tensors under a name with its step, then replaces `state.json` in one rename, then removes the files
//! that no state names. Killed at any moment, the folder holds one whole checkpoint, the older or the newer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mtl_core_tensor::optim::{Optimizer, StateTensor};
use mtl_core_tensor::weights::{self, WeightFile};
use mtl_core_tensor::{Device, Module, NamedTensor, TensorError};
use mtl_curriculum::StoppingState;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::run_folder::write_json;
use crate::sampling::SamplingState;
use crate::scores::Scores;
use crate::step::SharingState;

const MODEL: &str = "model/";
const OPTIMIZER: &str = "optimizer/";

/// Everything of a run that is not a tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The version of this program.
    pub version: String,
    /// The instruction-set path of the kernels.
    pub isa: String,
    /// Steps done.
    pub step: u64,
    /// Where the draws stand.
    pub sampling: SamplingState,
    /// What the methods of sharing have learned.
    pub sharing: SharingState,
    /// Each task's running loss, for the observer.
    pub running_losses: Vec<Option<f64>>,
    /// The evaluations so far, by step.
    pub evaluations: Vec<(u64, Scores)>,
    /// The step whose weights are the best so far, where the best are kept.
    pub best: Option<u64>,
    /// Where the stopping rules stand.
    #[serde(default, skip_serializing_if = "StoppingState::is_new")]
    pub stopping: StoppingState,
    /// The files of the parameters that single tasks may go back to, by task.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub task_tensors: BTreeMap<String, String>,
    /// Real tokens trained on.
    pub tokens: u64,
    /// Seconds of training.
    pub seconds: f64,
    /// Seconds of everything.
    pub seconds_total: f64,
    /// The length of `history.jsonl` that belongs to this state.
    pub history_bytes: u64,
    /// The file of weights and optimizer; none once the run is finished.
    pub tensors: Option<String>,
    /// The file of the best weights, if they are kept and not those of this step.
    pub best_tensors: Option<String>,
    /// Whether the run is finished.
    pub finished: bool,
}

/// The folder of a run's checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointFolder {
    root: PathBuf,
}

impl CheckpointFolder {
    /// The folder at `root`.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The saved state; `None` if there is none yet.
    ///
    /// Errors if it cannot be read or is not what this program writes.
    pub fn read(&self) -> Result<Option<State>, TrainError> {
        let path = self.state();
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).map_err(TrainError::io("read", &path))?;
        let state = serde_json::from_slice(&bytes);
        state.map(Some).map_err(|error| TrainError::Damaged { path, reason: error.to_string() })
    }

    /// Writes the weights of a model, to be named by a later state.
    pub fn write_best<D: Device>(&self, model: &dyn Module<f32, D>, step: u64) -> Result<String, TrainError> {
        let name = format!("best-{step}.safetensors");
        weights::save(&self.root.join(&name), &prefixed(MODEL, weights::tensors_of(model)), &[])?;
        Ok(name)
    }

    /// Writes weights and optimizer, to be named by a later state.
    pub fn write_tensors<D: Device>(
        &self,
        model: &dyn Module<f32, D>,
        optimizer: &dyn Optimizer<f32, D>,
        step: u64,
    ) -> Result<String, TrainError> {
        let name = format!("step-{step}.safetensors");
        self.write_part(&name, model, optimizer, &|_| true)?;
        Ok(name)
    }

    /// Writes the parameters for which `holds` is true, with what the optimizer knows of them.
    pub fn write_part<D: Device>(
        &self,
        name: &str,
        model: &dyn Module<f32, D>,
        optimizer: &dyn Optimizer<f32, D>,
        holds: &dyn Fn(&str) -> bool,
    ) -> Result<(), TrainError> {
        let mut parameters = weights::tensors_of(model);
        parameters.retain(|tensor| holds(&tensor.name));
        let mut tensors = prefixed(MODEL, parameters);
        for (name, sizes, values) in optimizer.state(model) {
            if holds(parameter_of(&name)) {
                tensors.push(NamedTensor::new(format!("{OPTIMIZER}{name}"), sizes, &values));
            }
        }
        Ok(weights::save(&self.root.join(name), &tensors, &[])?)
    }

    /// Sets the parameters for which `holds` is true, and what the optimizer knows of them, from a file of
    /// [`write_part`](CheckpointFolder::write_part).
    pub fn load_part<D: Device>(
        &self,
        name: &str,
        model: &dyn Module<f32, D>,
        optimizer: &mut dyn Optimizer<f32, D>,
        holds: &dyn Fn(&str) -> bool,
    ) -> Result<(), TrainError> {
        let file = WeightFile::open(&self.root.join(name))?;
        set_parameters(&file, model, holds)?;
        let mut state = optimizer.state(model);
        state.retain(|(name, ..)| !holds(parameter_of(name)));
        state.extend(optimizer_state(&file)?);
        Ok(optimizer.load(model, state)?)
    }

    /// Makes `state` the saved one, and removes what it does not name.
    pub fn write(&self, state: &State) -> Result<(), TrainError> {
        write_json(&self.state(), state)?;
        let named: BTreeSet<&String> =
            state.tensors.iter().chain(&state.best_tensors).chain(state.task_tensors.values()).collect();
        let entries = fs::read_dir(&self.root).map_err(TrainError::io("list", &self.root))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let ours = name.filter(|name| name.contains(".safetensors"));
            if ours.is_some_and(|name| !named.contains(&name)) {
                fs::remove_file(&path).map_err(TrainError::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Sets a model's weights from a file that a state names.
    pub fn load_model<D: Device>(&self, name: &str, model: &dyn Module<f32, D>) -> Result<(), TrainError> {
        let file = WeightFile::open(&self.root.join(name))?;
        Ok(set_parameters(&file, model, &|_| true)?)
    }

    /// Sets an optimizer's state from a file that a state names.
    pub fn load_optimizer<D: Device>(
        &self,
        name: &str,
        model: &dyn Module<f32, D>,
        optimizer: &mut dyn Optimizer<f32, D>,
    ) -> Result<(), TrainError> {
        let file = WeightFile::open(&self.root.join(name))?;
        Ok(optimizer.load(model, optimizer_state(&file)?)?)
    }

    fn state(&self) -> PathBuf {
        self.root.join("state.json")
    }
}

/// The parameter that an entry `kind/parameter` of an optimizer's state is of.
fn parameter_of(entry: &str) -> &str {
    entry.split_once('/').map_or(entry, |(_, parameter)| parameter)
}

/// Sets the parameters for which `holds` is true.
fn set_parameters<D: Device>(
    file: &WeightFile,
    model: &dyn Module<f32, D>,
    holds: &dyn Fn(&str) -> bool,
) -> Result<(), TensorError> {
    let mut outcome: Result<(), TensorError> = Ok(());
    model.visit_once(&mut |name, view| {
        if outcome.is_ok() && holds(name) {
            let values = file.get(&format!("{MODEL}{name}"), &view.sizes);
            outcome = values.and_then(|values| view.set(&values));
        }
    });
    outcome
}

/// The optimizer's state in a file.
fn optimizer_state(file: &WeightFile) -> Result<Vec<StateTensor<f32>>, TensorError> {
    let state = file.names().filter_map(|name| Some((name, name.strip_prefix(OPTIMIZER)?)));
    state
        .map(|(full, name)| {
            let sizes = file.sizes(full).unwrap_or_default().to_vec();
            Ok((name.to_owned(), sizes.clone(), file.get(full, &sizes)?))
        })
        .collect()
}

fn prefixed(prefix: &str, tensors: Vec<NamedTensor>) -> Vec<NamedTensor> {
    tensors
        .into_iter()
        .map(|tensor| NamedTensor { name: format!("{prefix}{}", tensor.name), ..tensor })
        .collect()
}
