//! The model: an architecture, by which tasks share encoders, and a head for each task.

use std::collections::BTreeSet;

use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Architecture, Device, Head, Module, Owner, ParamId, ParamView};

/// An architecture and a head for each task. Parameters of heads are named `heads.NAME.*`, those of the architecture as it
/// names them: `encoder.*` where tasks share one encoder.
#[derive(Debug)]
pub struct Model<E: Float, D: Device> {
    /// Where it lives.
    pub device: D,
    /// What the tasks share, and how.
    pub architecture: Box<dyn Architecture<usize, E, D>>,
    /// The tasks' names and heads, in the order of the configuration.
    pub heads: Vec<(String, Box<dyn Head<usize, E, D>>)>,
}

impl<E: Float, D: Device> Model<E, D> {
    /// The head of a task.
    pub fn head(&self, task_idx: usize) -> &dyn Head<usize, E, D> {
        self.heads[task_idx].1.as_ref()
    }

    /// The heads alone, with the names that they have in the model.
    pub(crate) fn heads_alone(&self) -> Heads<'_, E, D> {
        Heads(&self.heads)
    }

    /// The parameters that the losses of several tasks reach. Those of one task alone belong to it as its head does.
    pub fn shared(&self) -> BTreeSet<ParamId> {
        let mut shared = BTreeSet::new();
        self.architecture.visit_once(&mut |_, view| {
            if !view.is_frozen() && self.architecture.owner(view.id).is_shared() {
                shared.insert(view.id);
            }
        });
        shared
    }

    /// The parameters that only this task's losses reach: its head's, and those that the architecture keeps for it.
    pub fn own(&self, task_idx: usize) -> BTreeSet<ParamId> {
        let alone = self.heads.len() == 1;
        let (shared, mut own) = (if alone { BTreeSet::new() } else { self.shared() }, BTreeSet::new());
        self.architecture.visit_once(&mut |_, view| {
            if alone || self.architecture.owner(view.id) == Owner::Task(task_idx) {
                own.insert(view.id);
            }
        });
        self.heads[task_idx].1.visit(&mut |_, view| {
            own.insert(view.id);
        });
        // A head may be tied to what others learn too.
        own.retain(|id| !shared.contains(id));
        own
    }
}

impl<E: Float, D: Device> Module<E::Master, D> for Model<E, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, E::Master, D>)) {
        self.architecture.visit(visitor);
        self.heads_alone().visit(visitor);
    }
}

/// The heads alone.
pub(crate) struct Heads<'a, E: Float, D: Device>(&'a [(String, Box<dyn Head<usize, E, D>>)]);

impl<E: Float, D: Device> Module<E::Master, D> for Heads<'_, E, D> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, E::Master, D>)) {
        for (task, head) in self.0 {
            head.visit(&mut |name, view| visitor(&format!("heads.{task}.{name}"), view));
        }
    }
}
