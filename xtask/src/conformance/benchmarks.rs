//! Benchmarks' layouts: every file of GLUE, SuperGLUE and decaNLP that the folder holds, read as its task.

use std::path::Path;

use mtl_data::benchmark::{Part, task};
use mtl_data::{DataError, Example, Label};

use super::Outcome;
use super::place::Place;

/// One file of a task.
pub(super) struct Published {
    /// Where it stands.
    place: Place,
    task: &'static str,
    part: Part,
    /// Examples of a task that has some.
    examples: Option<usize>,
    /// Examples without a label among them.
    unlabelled: usize,
    /// Questions.
    questions: usize,
}

impl Published {
    /// A row of the table.
    fn of_row(row: &'static str) -> Self {
        let cells: Vec<&str> = row.split('\t').collect();
        let [file, member, task, part, examples, unlabelled, questions] = cells[..] else {
            panic!("a row of the table has seven cells: {row}")
        };
        let part = [Part::Train, Part::Dev, Part::Test].into_iter().find(|named| named.name() == part);
        Self {
            place: Place::of_cells(file, member),
            task,
            part: part.expect("the table names parts that exist"),
            examples: examples.parse().ok(),
            unlabelled: unlabelled.parse().unwrap_or(0),
            questions: questions.parse().expect("the table counts questions"),
        }
    }

    /// The file and the task.
    pub(super) fn name(&self) -> String {
        format!("{} ({})", self.place, self.task)
    }
}

/// Reads the file as examples, if its task has some, and as questions.
pub(super) fn check(data: &Path, file: &Published) -> Outcome {
    match file.place.find(data) {
        Some(path) => compare(file, &path),
        None => Outcome::Skipped,
    }
}

fn compare(file: &Published, path: &Path) -> Outcome {
    match count(file, path) {
        Ok(found) if found == (file.examples, file.unlabelled, file.questions) => Outcome::Passed(say(found)),
        Ok(found) => {
            let expected = say((file.examples, file.unlabelled, file.questions));
            Outcome::Failed(format!("{}, expected {expected}", say(found)))
        }
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

type Count = (Option<usize>, usize, usize);

fn count(file: &Published, path: &Path) -> Result<Count, DataError> {
    let task = task(file.task).expect("the table names tasks that exist");
    let questions = task.questions(path, file.part)?.len();
    if task.asks.label_kind().is_none() {
        return Ok((None, 0, questions));
    }
    let examples: Vec<Example> = task.source(path)?.read()?.collect::<Result<_, _>>()?;
    let unlabelled = examples.iter().filter(|example| example.label == Label::Missing).count();
    Ok((Some(examples.len()), unlabelled, questions))
}

fn say((examples, unlabelled, questions): Count) -> String {
    match examples {
        None => format!("{questions} questions"),
        Some(examples) => format!("{examples} examples, {unlabelled} without label, {questions} questions"),
    }
}

/// Every known file, from the table beside this file.
///
/// Counts are those that the publishers state, or were counted from the files by a script of a few lines; a task
/// without examples has `-` for them.
pub(super) fn files() -> Vec<Published> {
    include_str!("benchmarks.tsv").lines().skip(1).map(Published::of_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_of_a_task() {
        let files = files();
        assert!(files.len() > 100 && files.iter().all(|file| task(file.task).is_some()));
    }
}
