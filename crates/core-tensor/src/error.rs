//! What can be wrong with a tensor operation.

use std::path::PathBuf;

use crate::kernels::isa::Isa;

/// An operation that cannot be done as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TensorError {
    /// Two sizes of run time that must be equal are not.
    #[error("{op} expects {what} {expected:?} but got {got:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// Which of its arguments.
        what: &'static str,
        /// The shape that was needed.
        expected: Vec<usize>,
        /// The shape that was given.
        got: Vec<usize>,
    },
    /// An index lies outside what it points into.
    #[error("{op}: index {index} is outside 0..{len}")]
    Index {
        /// The operation.
        op: &'static str,
        /// The index.
        index: usize,
        /// How many there are.
        len: usize,
    },
    /// A hyper-parameter lies outside its range.
    #[error("{name} must be {rule}, got {got}")]
    Range {
        /// The parameter's name.
        name: &'static str,
        /// The range in words.
        rule: &'static str,
        /// The value given.
        got: f64,
    },
    /// A head was given targets of another kind than its own.
    #[error("{head} learns {expected} but was given {got}")]
    Targets {
        /// The head.
        head: &'static str,
        /// The kind of its targets.
        expected: &'static str,
        /// The kind that was given.
        got: &'static str,
    },
    /// The environment names no instruction-set path.
    #[error("MTL_ISA must be one of {}, got {name}", Isa::ALL.map(Isa::name).join(", "))]
    UnknownIsa {
        /// What stands there.
        name: String,
    },
    /// A saved tensor of an optimizer has another number of values than its parameter.
    #[error("the optimizer's saved {name:?} has {got} values but its parameter needs {expected}")]
    SavedLength {
        /// The entry, as `first/NAME`.
        name: String,
        /// The values that are needed.
        expected: usize,
        /// The values that were saved.
        got: usize,
    },
    /// A parameter has some of an optimizer's saved tensors and lacks another.
    #[error("the optimizer's saved state has no {name:?}, although it has others of that parameter")]
    SavedEntry {
        /// The entry that is missing, as `count/NAME`.
        name: String,
    },
    /// A tensor was recorded on another tape than the one that it is used with.
    #[error("{op}: the tensor was recorded on another tape")]
    OtherTape {
        /// The operation.
        op: &'static str,
    },
    /// A random operation needs to know which sequence each row belongs to.
    #[error("{op}: dropout needs a tensor whose rows are named (one a token or a sequence of a pack)")]
    UnnamedRows {
        /// The operation.
        op: &'static str,
    },
    /// A walk starts at something that was not recorded, or whose record an earlier last walk freed.
    #[error(
        "the walk starts at a tensor that is not on the tape (recording was off, nothing behind it is learned, or a \
         last walk freed it)"
    )]
    NotRecorded,
    /// A walk that keeps what gradients are made of must tell the tasks apart.
    #[error("a walk that keeps output gradients must split by task")]
    NotSplit,
    /// One walk cannot split the gradients by task.
    #[error(
        "one walk cannot split the gradients by task: a parameter is read without named rows; walk once for each task"
    )]
    CannotSplit,
    /// Gradients at a representation were asked for where tasks label different sequences.
    #[error(
        "gradients at a representation show conflict only between tasks that label the same sequences: sequence \
         {sequence} has the tasks {tasks:?} but the first has {first:?}"
    )]
    DisjointTasks {
        /// The first sequence of the pack whose tasks differ.
        sequence: usize,
        /// Its tasks.
        tasks: Vec<u32>,
        /// Those of the pack's first sequence.
        first: Vec<u32>,
    },
    /// There is no memory for a tensor.
    #[error("no memory for a tensor of {bytes} bytes")]
    OutOfMemory {
        /// The size that was asked for.
        bytes: usize,
    },
    /// A weight file cannot be read or does not hold what was asked of it.
    #[error("{path}: {problem}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: FileProblem,
    },
}

/// What is wrong with a weight file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// The operating system refused.
    #[error("failed to {action}: {source}")]
    Io {
        /// What was attempted.
        action: FileAction,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The header or the data do not form a safetensors file.
    #[error("not a whole safetensors file: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// A tensor is missing.
    #[error("has no tensor named {name:?}{}", nearest.as_ref().map_or(String::new(), |n| format!("; the nearest name is {n:?}")))]
    Missing {
        /// The name that was looked for.
        name: String,
        /// The most similar name that the file has.
        nearest: Option<String>,
    },
    /// A tensor has another shape than the model.
    #[error("tensor {name:?} has shape {got:?} but the model needs {expected:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// The model's shape.
        expected: Vec<usize>,
        /// The file's shape.
        got: Vec<usize>,
    },
    /// A tensor holds elements that cannot be read as floats.
    #[error(
        "tensor {name:?} holds {dtype}, which is not a float that this program reads (f16, bf16, f32, f64)"
    )]
    Dtype {
        /// The tensor's name.
        name: String,
        /// The element type in the file.
        dtype: String,
    },
}

/// What is done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileAction {
    /// Its content is taken in.
    Read,
    /// It is made, or made anew.
    Write,
}

impl std::fmt::Display for FileAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FileAction::Read => "read",
            FileAction::Write => "write",
        })
    }
}

/// Errors unless two run-time sizes are equal.
pub(crate) fn check(
    op: &'static str,
    what: &'static str,
    expected: &[usize],
    got: &[usize],
) -> Result<(), TensorError> {
    if expected == got {
        return Ok(());
    }
    Err(TensorError::Shape { op, what, expected: expected.to_vec(), got: got.to_vec() })
}
