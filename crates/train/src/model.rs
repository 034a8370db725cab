//! The model: one encoder that all tasks share, and a head for each task (hard parameter sharing, Caruana 1997).

use mtl_core_tensor::element::Float;
use mtl_core_tensor::{Cpu, Head, Init, Module, ParamView, TensorError};
use mtl_encoders::Bert;
use mtl_encoders::bert::FIRST_FREE_DROPOUT_OP;
use mtl_heads::{Classification, HeadConfig, MultiLabel, Regression, TokenClassification};

use crate::config::TaskKind;
use crate::spec::TaskSpec;

/// The encoder that the tasks share, of any size.
pub type SharedEncoder = Bert<usize, usize, f32, Cpu>;

/// An encoder and a head for each task. Parameters are named `encoder.*` and `heads.NAME.*`.
#[derive(Debug, Clone)]
pub struct Model {
    /// What all tasks share.
    pub encoder: SharedEncoder,
    /// The tasks' names and heads, in the order of the configuration.
    pub heads: Vec<(String, TaskHead)>,
}

/// The head of a task, by its kind.
#[derive(Debug, Clone)]
pub enum TaskHead {
    /// One class a text.
    Classification(Classification<usize, f32, Cpu>),
    /// Several labels a text.
    MultiLabel(MultiLabel<usize, f32, Cpu>),
    /// A value a text.
    Regression(Regression<usize, f32, Cpu>),
    /// A class a word.
    TokenClassification(TokenClassification<usize, f32, Cpu>),
}

impl Model {
    /// New heads on an encoder, with the encoder's dropout and the first values of (seed, task's name).
    ///
    /// Errors if a task has no labels or an empty scale, or if smoothing is outside [0, 1).
    pub fn new(
        encoder: SharedEncoder,
        tasks: &[TaskSpec],
        label_smoothing: f64,
        seed: u64,
    ) -> Result<Model, TensorError> {
        let init = Init::new(seed).part("heads");
        let (hidden, dropout) = (encoder.config().hidden_size, encoder.config().dropout);
        let head = |(task_idx, task): (usize, &TaskSpec)| {
            let config = HeadConfig { dropout, op: FIRST_FREE_DROPOUT_OP + task_idx as u32 };
            let head = TaskHead::new(task, hidden, config, label_smoothing, &init.part(&task.name))?;
            Ok((task.name.clone(), head))
        };
        let heads = tasks.iter().enumerate().map(head).collect::<Result<_, TensorError>>()?;
        Ok(Model { encoder, heads })
    }

    /// The head of a task.
    pub fn head<E: Float<Master = f32>>(&self, task_idx: usize) -> &dyn Head<usize, E, Cpu> {
        self.heads[task_idx].1.head()
    }

    /// How many layers the encoder has.
    pub fn layers(&self) -> usize {
        mtl_core_tensor::Encoder::<f32, Cpu>::layers(&self.encoder)
    }
}

impl Module<f32, Cpu> for Model {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f32, Cpu>)) {
        self.encoder.visit(&mut |name, view| visitor(&format!("encoder.{name}"), view));
        Heads(&mut self.heads).visit(visitor);
    }
}

/// The heads alone, with the names that they have in the model.
pub(crate) struct Heads<'a>(pub(crate) &'a mut [(String, TaskHead)]);

impl Module<f32, Cpu> for Heads<'_> {
    fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f32, Cpu>)) {
        for (task, head) in self.0.iter_mut() {
            head.module().visit(&mut |name, view| visitor(&format!("heads.{task}.{name}"), view));
        }
    }
}

impl TaskHead {
    fn new(
        task: &TaskSpec,
        hidden: usize,
        config: HeadConfig,
        smoothing: f64,
        init: &Init,
    ) -> Result<TaskHead, TensorError> {
        let labels = task.labels.len();
        Ok(match task.kind {
            TaskKind::Classification => TaskHead::Classification(
                Classification::new(&Cpu, hidden, labels, config, init)?.with_label_smoothing(smoothing)?,
            ),
            TaskKind::MultiLabel => {
                TaskHead::MultiLabel(MultiLabel::new(&Cpu, hidden, labels, config, init)?)
            }
            TaskKind::Regression => {
                let scale = task.scale.unwrap_or([0.0, 1.0]);
                TaskHead::Regression(Regression::new(&Cpu, hidden, scale, config, init)?)
            }
            TaskKind::TokenClassification => TaskHead::TokenClassification(
                TokenClassification::new(&Cpu, hidden, labels, config, init)?
                    .with_label_smoothing(smoothing)?,
            ),
        })
    }

    /// The head as any precision sees it.
    pub fn head<E: Float<Master = f32>>(&self) -> &dyn Head<usize, E, Cpu> {
        match self {
            TaskHead::Classification(head) => head,
            TaskHead::MultiLabel(head) => head,
            TaskHead::Regression(head) => head,
            TaskHead::TokenClassification(head) => head,
        }
    }

    fn module(&mut self) -> &dyn Module<f32, Cpu> {
        match self {
            TaskHead::Classification(head) => head,
            TaskHead::MultiLabel(head) => head,
            TaskHead::Regression(head) => head,
            TaskHead::TokenClassification(head) => head,
        }
    }
}
