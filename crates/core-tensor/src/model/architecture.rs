//! Architectures: what tasks share.

use super::{Encoded, Encoder, NamedEncoder, ReadRows};
use crate::device::Device;
use crate::element::Float;
use crate::error::TensorError;
use crate::pack::Pack;
use crate::param::{Module, ParamId};
use crate::shape::Dim;
use crate::tape::Tape;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// Whose a parameter is: whose losses reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// All tasks'.
    All,
    /// Several tasks', by index.
    Tasks(BTreeSet<usize>),
    /// One task's, by index.
    Task(usize),
}

impl Owner {
    /// Whether a task's losses reach it.
    pub fn includes(&self, task_idx: usize) -> bool {
        match self {
            Owner::All => true,
            Owner::Tasks(tasks) => tasks.contains(&task_idx),
            Owner::Task(task) => *task == task_idx,
        }
    }

    /// Whether the losses of several tasks reach it.
    pub fn is_shared(&self) -> bool {
        match self {
            Owner::All => true,
            Owner::Tasks(tasks) => tasks.len() > 1,
            Owner::Task(_) => false,
        }
    }
}

/// What an architecture makes of a pack.
#[derive(Debug, Clone)]
pub struct Encoding<H: Dim, E: Float, D: Device> {
    /// What the head of each task reads, rows in the order of that task's [`ReadRows`], `(tasks,)`.
    pub tasks: Vec<Encoded<H, E, D>>,
    /// What all tasks' rows are taken from, where there is one: the representation at which gradients can be compared.
    pub shared: Option<Encoded<H, E, D>>,
}

/// A table of numbers that says what was learned about sharing.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it shows.
    pub title: String,
    /// The names of the rows.
    pub rows: Vec<String>,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The numbers, `(rows, columns)`, row-major.
    pub values: Vec<f64>,
}

/// How tasks share encoders.
pub trait Architecture<H: Dim, E: Float, D: Device>: Module<E::Master, D> + Debug + Send + Sync {
    /// For each task what its head reads of a pack. `read` names the rows of each task, `(tasks,)`; a task that reads
    /// nothing gets no rows.
    ///
    /// Errors if the pack has no such row.
    fn encode(
        &self,
        tape: &mut Tape<E, D>,
        pack: &Pack,
        read: &[ReadRows],
    ) -> Result<Encoding<H, E, D>, TensorError>;

    /// Whose a parameter is. Parameters that are not of the architecture are nobody's question.
    fn owner(&self, parameter: ParamId) -> Owner;

    /// The parameters of the last layer that tasks share, where gradient norms are compared; empty if they share none.
    fn last_shared(&self) -> BTreeSet<ParamId>;

    /// The encoders, each with its name in the model; at least one.
    fn encoders(&self) -> Vec<NamedEncoder<'_, H, E, D>>;

    /// Whether the encoders are all that it is made of, so that they can be used without it: nothing acts in them.
    fn is_plain(&self) -> bool {
        true
    }

    /// The parameters that correspond to each other in the tasks' own copies, in the order of the tasks: what a penalty
    /// ties. Empty where tasks have no copies.
    fn copies(&self) -> Vec<Vec<ParamId>> {
        Vec::new()
    }

    /// What was learned about sharing, for people.
    fn report(&self) -> Vec<Figure> {
        Vec::new()
    }
}

/// The first encoder of an architecture, whose sizes are those of all.
impl<H: Dim, E: Float, D: Device> dyn Architecture<H, E, D> {
    /// An encoder of the architecture: all have one form.
    pub fn form(&self) -> &dyn Encoder<E, D, Hidden = H> {
        self.encoders().first().expect("an architecture has an encoder").1
    }
}
