//! Benchmarks' layouts: every file of GLUE, SuperGLUE and decaNLP that the folder holds, read as its task.
//!
//! Zipped excerpts are unpacked by the `unzip` program into a temporary folder; without the program they are skipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mtl_data::benchmark::{Part, task};
use mtl_data::{DataError, Example, Label};

use super::{Outcome, find};

/// One file of a task.
pub(super) struct Published {
    /// Path inside the folder, of the file or of the archive.
    file: &'static str,
    /// Path inside the archive; the first place that is there counts.
    member: Option<&'static str>,
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
            file,
            member: (member != "-").then_some(member),
            task,
            part: part.expect("the table names parts that exist"),
            examples: examples.parse().ok(),
            unlabelled: unlabelled.parse().unwrap_or(0),
            questions: questions.parse().expect("the table counts questions"),
        }
    }

    /// The file and the task.
    pub(super) fn name(&self) -> String {
        let member = self.member.map_or(String::new(), |member| format!("!{member}"));
        format!("{}{member} ({})", self.file, self.task)
    }
}

/// Reads the file as examples, if its task has some, and as questions.
pub(super) fn check(data: &Path, file: &Published) -> Outcome {
    let Some(path) = find(data, file.file) else { return Outcome::Skipped };
    let Some(member) = file.member else { return compare(file, &path) };
    match unpacked(data, file.file) {
        Some(folder) => compare(file, &folder.join(member)),
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

/// The folder that an archive is unpacked in; `None` where that cannot be done.
fn unpacked(data: &Path, archive: &str) -> Option<PathBuf> {
    let folder = std::env::temp_dir().join("mtl-conformance").join(archive);
    std::fs::create_dir_all(&folder).ok()?;
    let mut unzip = Command::new("unzip");
    unzip.args(["-q", "-o"]).arg(data.join(archive)).arg("-d").arg(&folder).stdout(Stdio::null());
    unzip.status().ok().filter(|status| status.success()).map(|_| folder)
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
