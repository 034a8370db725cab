//! Streams and tasks by number: a stream is what is drawn from, a task is what is learned from it.
//!
//! The two differ where several tasks label the same examples: such tasks share a stream. Draws name streams; losses,
//! scores and stops name tasks.

use serde::{Deserialize, Serialize};

use crate::CurriculumError;

/// A stream of examples, by its place in the list of streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(pub usize);

/// A task, by its place in the list of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub usize);

/// What a curriculum knows of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// The number of its examples.
    pub size: usize,
    /// The tasks that label them.
    pub tasks: Vec<TaskId>,
}

impl StreamInfo {
    /// Streams of these sizes, each of one task: stream i is that of task i.
    pub fn one_per_task(sizes: &[usize]) -> Vec<StreamInfo> {
        let of = |(task, &size): (usize, &usize)| StreamInfo { size, tasks: vec![TaskId(task)] };
        sizes.iter().enumerate().map(of).collect()
    }
}

/// Errors if there is no stream, or one has no examples.
pub(crate) fn check(streams: &[StreamInfo]) -> Result<(), CurriculumError> {
    if streams.is_empty() {
        return Err(CurriculumError::NoTasks);
    }
    match streams.iter().position(|stream| stream.size == 0) {
        Some(task_idx) => Err(CurriculumError::EmptyTask { task_idx }),
        None => Ok(()),
    }
}

/// Which streams may be drawn: those of the stage whose tasks have not all stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open(Vec<bool>);

impl Open {
    /// All of `n_streams` streams.
    pub fn all(n_streams: usize) -> Open {
        Open(vec![true; n_streams])
    }

    /// The streams for which `is_open` holds.
    pub fn those(streams: &[StreamInfo], is_open: impl Fn(&StreamInfo) -> bool) -> Open {
        Open(streams.iter().map(is_open).collect())
    }

    /// How many streams there are, open or not.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a stream may be drawn.
    pub fn contains(&self, stream: StreamId) -> bool {
        self.0[stream.0]
    }

    /// The streams that may be drawn, ascending.
    pub fn iter(&self) -> impl Iterator<Item = StreamId> + '_ {
        self.0.iter().enumerate().filter(|(_, open)| **open).map(|(stream, _)| StreamId(stream))
    }

    /// How many streams may be drawn.
    pub fn count(&self) -> usize {
        self.iter().count()
    }
}
