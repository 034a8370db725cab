//! One encoder for all tasks, in which adapters may act.
//!
//! Adapters of all tasks act on all rows. Where tasks have adapters of their own, the rows of a sequence go through those
//! of its task: sequences that one task reads each make one mixed pass, in which every adapter works on the rows of its
//! task alone. A sequence that several tasks read is then another one for each of them, so such a pack is run once for
//! each task, over the sequences that the task reads.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use mtl_core_tensor::element::Float;
use mtl_core_tensor::shape::Dim;
use mtl_core_tensor::{
    Architecture, Device, Encoded, Encoder, Encoding, Hook, Hooks, Module, NamedEncoder, Owner, Pack,
    ParamId, ParamView, ReadRows, Tape, TensorError,
};

use super::rows::{self, Selection};
use crate::adapter::{Adapter, ByTask};

/// One encoder, and what acts in it.
#[derive(Debug)]
pub struct Hooked<H: Dim, E: Float, D: Device> {
    name: String,
    encoder: Box<dyn Encoder<E, D, Hidden = H>>,
    n_tasks: usize,
    adapters: Vec<Adapter<H, E, D>>,
    /// As they act: those of all tasks first, then those of tasks by task.
    hooks: Vec<Arc<dyn Hook<H, E, D>>>,
    /// Whether tasks have adapters of their own.
    by_task: bool,
    owners: BTreeMap<ParamId, Owner>,
}

impl<H: Dim, E: Float, D: Device> Hooked<H, E, D> {
    /// The encoder under its dotted name in the model, for `n_tasks` tasks, with what acts in it. The encoder is frozen
    /// if an adapter says so.
    pub fn new(
        name: String,
        encoder: Box<dyn Encoder<E, D, Hidden = H>>,
        n_tasks: usize,
        adapters: Vec<Adapter<H, E, D>>,
    ) -> Self {
        if adapters.iter().any(|adapter| adapter.freezes_encoder) {
            encoder.visit(&mut |_, view| view.freeze(true));
        }
        let (all, own): (Vec<_>, Vec<_>) = adapters.iter().partition(|adapter| adapter.owner == Owner::All);
        let mut hooks: Vec<_> = all.iter().map(|adapter| adapter.hook.clone()).collect();
        let by_task = !own.is_empty();
        if by_task {
            hooks.push(Arc::new(ByTask::new(n_tasks, &own)));
        }
        let owners = adapters.iter().flat_map(owners).collect();
        Hooked { name, encoder, n_tasks, adapters, hooks, by_task, owners }
    }

    /// What `read` names, with all hooks.
    fn pass(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        read: &ReadRows,
    ) -> Result<Encoded<H, E, D>, TensorError> {
        self.encoder.encode_read(tape, pack, read, Hooks::new(&self.hooks))
    }

    /// All tasks' rows from one pass. Errors if the pack has no such row.
    fn in_one_pass(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        read: &[ReadRows],
    ) -> Result<Encoding<H, E, D>, TensorError> {
        let all = rows::union(read);
        if all.is_empty() {
            let nothing = rows::nothing(tape.device(), self.encoder.hidden(), pack)?;
            return Ok(Encoding { tasks: vec![nothing; read.len()], shared: None });
        }
        rows::sequences(pack, &all)?;
        let shared = self.pass(tape, pack, &all)?;
        let mut tasks = Vec::new();
        for read in read {
            tasks.push(match read.is_empty() {
                true => rows::nothing(tape.device(), self.encoder.hidden(), pack)?,
                false => rows::of_task(tape, &shared, &all, read)?,
            });
        }
        Ok(Encoding { tasks, shared: Some(shared) })
    }

    /// Each task's rows, its sequences being its own.
    fn by_task(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        read: &[ReadRows],
    ) -> Result<Encoding<H, E, D>, TensorError> {
        let sequences = read.iter().map(|read| rows::sequences(pack, read)).collect::<Result<Vec<_>, _>>()?;
        if let Some(task_of) = single_tasks(&sequences) {
            let selection = Selection::new(pack, task_of.keys().copied().collect());
            let pack = labelled(&selection.pack, |at| task_of[&selection.sequences[at]]);
            let read: Vec<_> = read.iter().map(|read| selection.rows(read)).collect();
            return Ok(Encoding { shared: None, ..self.in_one_pass(tape, &pack, &read)? });
        }
        let mut tasks = Vec::new();
        for (task, (read, sequences)) in read.iter().zip(sequences).enumerate() {
            if read.is_empty() {
                tasks.push(rows::nothing(tape.device(), self.encoder.hidden(), pack)?);
                continue;
            }
            let selection = Selection::new(pack, sequences);
            let pack = labelled(&selection.pack, |_| task as u32);
            tasks.push(self.pass(tape, &pack, &selection.rows(read))?);
        }
        Ok(Encoding { tasks, shared: None })
    }
}

/// Each parameter of an adapter, with whose it is.
fn owners<H: Dim, E: Float, D: Device>(adapter: &Adapter<H, E, D>) -> Vec<(ParamId, Owner)> {
    adapter.hook.names().into_keys().map(|id| (id, adapter.owner.clone())).collect()
}

/// The task of each sequence that is read, from the sequences that each task reads; `None` if several read one.
fn single_tasks(sequences: &[Vec<u32>]) -> Option<BTreeMap<u32, u32>> {
    let mut task_of = BTreeMap::new();
    for (task, sequences) in sequences.iter().enumerate() {
        for &sequence in sequences {
            if task_of.insert(sequence, task as u32).is_some() {
                return None;
            }
        }
    }
    Some(task_of)
}

/// The pack with one label for each sequence, itself if it has these.
fn labelled(pack: &Pack, task_of: impl Fn(usize) -> u32) -> Cow<'_, Pack> {
    let tasks: Vec<Vec<u32>> = (0..pack.sequences()).map(|sequence| vec![task_of(sequence)]).collect();
    match pack.tasks == tasks {
        true => Cow::Borrowed(pack),
        false => Cow::Owned(Pack { tasks, ..pack.clone() }),
    }
}

impl<H: Dim, E: Float, D: Device> Module<E::Master, D> for Hooked<H, E, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, E::Master, D>)) {
        self.encoder.visit(&mut |name, view| visitor(&format!("{}.{name}", self.name), view));
        for adapter in &self.adapters {
            adapter.hook.visit(&mut |name, view| visitor(&format!("adapters.{name}"), view));
        }
    }
}

impl<H: Dim, E: Float, D: Device> Architecture<H, E, D> for Hooked<H, E, D> {
    fn encode(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        read: &[ReadRows],
    ) -> Result<Encoding<H, E, D>, TensorError> {
        rows::check_tasks(read, self.n_tasks)?;
        match self.by_task {
            true => self.by_task(tape, pack, read),
            false => self.in_one_pass(tape, pack, read),
        }
    }

    fn owner(&self, parameter: ParamId) -> Owner {
        self.owners.get(&parameter).cloned().unwrap_or(Owner::All)
    }

    /// Of the last layer that tasks share something learned in: the encoder's parameters there, or, where it is frozen,
    /// those of the adapters of several tasks.
    fn last_shared(&self) -> BTreeSet<ParamId> {
        let last = self.encoder.layers().checked_sub(1);
        if !self.adapters.iter().any(|adapter| adapter.freezes_encoder) {
            return last.map(|last| self.encoder.layer_parameters(last)).unwrap_or_default();
        }
        let shared = || self.adapters.iter().filter(|adapter| adapter.owner.is_shared());
        let layer = |adapter: &Adapter<H, E, D>| adapter.hook.sites().iter().map(|site| site.layer()).max();
        let last = shared().filter_map(layer).max();
        let of_last = shared().filter(|adapter| layer(adapter) == last);
        of_last.flat_map(|adapter| adapter.hook.names().into_keys()).collect()
    }

    fn is_plain(&self) -> bool {
        self.adapters.is_empty()
    }

    fn encoders(&self) -> Vec<NamedEncoder<'_, H, E, D>> {
        vec![(self.name.as_str(), &*self.encoder)]
    }
}
