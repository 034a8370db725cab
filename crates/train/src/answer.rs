//! What a model says of texts: predictions in the order of the texts, and the mean loss where there are labels.
//!
//! Texts are sorted by length into packs, which is faster; a text's answer does not depend on its neighbours.

use mtl_core_tensor::element::Float;
use mtl_core_tensor::threads::awake;
use mtl_core_tensor::{Device, Pack, Prediction, ReadRows, Tape, Targets};
use mtl_data::Encoded;

use crate::batch::add_target;
use crate::config::TaskKind;
use crate::dataset::Target;
use crate::error::TrainError;
use crate::model::Model;
use crate::spec::TaskSpec;
use crate::step::rows_of;

/// What a model says of one text.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One prediction for the text.
    Text(Prediction),
    /// A class for each word; `None` for a word that truncation cut off or that has no token.
    Words(Vec<Option<usize>>),
}

/// What a model says of a set of texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The answer to each text, in order.
    pub answers: Vec<Answer>,
    /// The mean loss over labelled texts, or over labelled words; `None` without targets.
    pub loss: Option<f64>,
}

/// A model and one of its tasks, ready to be asked.
#[derive(Debug)]
pub struct Asked<'a, E: Float, D: Device> {
    /// The model.
    pub model: &'a Model<E, D>,
    /// The task's index.
    pub task_idx: usize,
    /// What the task is.
    pub spec: &'a TaskSpec,
    /// The most tokens of a pack.
    pub pack_tokens: usize,
}

impl<E: Float<Master = f32>, D: Device> Asked<'_, E, D> {
    /// Asks. `targets` are those of the texts, all labelled.
    pub fn answer(&self, texts: &[&Encoded], targets: Option<&[&Target]>) -> Result<Answers, TrainError> {
        let mut answers: Vec<Option<Answer>> = vec![None; texts.len()];
        let (mut loss, mut count) = (0.0, 0.0);
        for chosen in packs(texts, self.pack_tokens) {
            let (logits, pack_loss, rows) = awake(|| self.forward(texts, targets, &chosen))?;
            loss += pack_loss;
            count += rows as f64;
            let decoded = self.model.head(self.task_idx).decode(&logits);
            self.hand_out(texts, &chosen, decoded, &mut answers);
        }
        let answers = answers.into_iter().map(|answer| answer.expect("each text is in a pack")).collect();
        Ok(Answers { answers, loss: targets.map(|_| loss / f64::max(count, 1.0)) })
    }

    /// The logits of one pack, its summed loss, and over how many rows that is.
    fn forward(
        &self,
        texts: &[&Encoded],
        targets: Option<&[&Target]>,
        chosen: &[usize],
    ) -> Result<(Vec<f64>, f64, usize), TrainError> {
        let (pack, rows) = self.lay(texts, chosen);
        if rows.is_empty() {
            return Ok((Vec::new(), 0.0, 0));
        }
        let mut tape = Tape::<E, D>::inference(&self.model.device);
        let head = self.model.head(self.task_idx);
        let mut read = vec![ReadRows::new(); self.model.heads.len()];
        read[self.task_idx] = ReadRows::new().with(head.reads(), &rows);
        let encoding = self.model.architecture.encode(&mut tape, &pack, &read)?;
        let encoded = &encoding.tasks[self.task_idx];
        let states = rows_of(&mut tape, head.reads(), encoded, &read[self.task_idx], &rows)?;
        let logits = head.logits(&mut tape, &states)?;
        let (mut loss, mut counted) = (0.0, 0);
        if let Some(targets) = targets {
            let targets = self.targets(texts, targets, chosen);
            counted = labelled_rows(&targets, rows.len());
            if counted > 0 {
                loss = head.loss(&mut tape, &logits, &targets, 1.0)?.value;
            }
        }
        Ok((logits.to_vec().into_iter().map(E::to_f64).collect(), loss, counted))
    }

    /// The pack of some texts, and the rows that the head reads.
    fn lay(&self, texts: &[&Encoded], chosen: &[usize]) -> (Pack, Vec<u32>) {
        let (mut pack, mut rows) = (Pack::new(), Vec::new());
        for (number, &text) in (0u32..).zip(chosen) {
            let start = pack.tokens() as u32;
            if self.of_words() {
                rows.extend(texts[text].first_subword.iter().flatten().map(|token| start + token));
            } else {
                rows.push(number);
            }
            pack.push(&texts[text].ids, &texts[text].segments, number, vec![self.task_idx as u32]);
        }
        (pack, rows)
    }

    /// One target a row; an unlabelled word's is ignored.
    fn targets(&self, texts: &[&Encoded], targets: &[&Target], chosen: &[usize]) -> Targets {
        let mut all = match self.spec.kind {
            TaskKind::Classification | TaskKind::TokenClassification => Targets::Classes(Vec::new()),
            TaskKind::MultiLabel => Targets::Labels(Vec::new()),
            TaskKind::Regression => Targets::Values(Vec::new()),
        };
        for &text in chosen {
            match (&mut all, targets[text]) {
                (Targets::Classes(classes), Target::Tags(tags)) => {
                    let words = tags.iter().zip(&texts[text].first_subword);
                    let labels = words.filter(|(_, token)| token.is_some());
                    classes.extend(labels.map(|(tag, _)| tag.unwrap_or(mtl_core_tensor::IGNORED)));
                }
                (all, target) => add_target(all, self.spec, target, &[]),
            }
        }
        all
    }

    fn hand_out(
        &self,
        texts: &[&Encoded],
        chosen: &[usize],
        decoded: Vec<Prediction>,
        answers: &mut [Option<Answer>],
    ) {
        let mut decoded = decoded.into_iter();
        let mut next = || decoded.next().expect("a prediction for each row");
        for &text in chosen {
            answers[text] = Some(if self.of_words() {
                let mut class = || match next() {
                    Prediction::Class(class, _) => class,
                    other => unreachable!("a word has a class, not {other:?}"),
                };
                let words = texts[text].first_subword.iter();
                Answer::Words(words.map(|token| token.map(|_| class())).collect())
            } else {
                Answer::Text(next())
            });
        }
    }

    fn of_words(&self) -> bool {
        self.spec.kind == TaskKind::TokenClassification
    }
}

fn labelled_rows(targets: &Targets, rows: usize) -> usize {
    match targets {
        Targets::Classes(all) => all.iter().filter(|class| **class != mtl_core_tensor::IGNORED).count(),
        _ => rows,
    }
}

/// The texts by length, cut into packs; equal lengths stay in order.
fn packs(texts: &[&Encoded], pack_tokens: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|&text| texts[text].ids.len());
    let (mut packs, mut tokens): (Vec<Vec<usize>>, usize) = (Vec::new(), 0);
    for text in order {
        let len = texts[text].ids.len();
        match packs.last_mut() {
            Some(pack) if tokens + len <= pack_tokens => {
                pack.push(text);
                tokens += len;
            }
            _ => {
                packs.push(vec![text]);
                tokens = len;
            }
        }
    }
    packs
}
