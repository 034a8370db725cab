//! The official files of a run's predictions.

use std::fs;
use std::path::{Path, PathBuf};

use mtl_core_tensor::Prediction;
use mtl_data::benchmark::{Benchmark, BenchmarkTask, Part, task};
use mtl_data::{Encoded, Source};
use serde_json::{Value, json};

use crate::answer::{Answer, Asked};
use crate::build::with_model;
use crate::error::TrainError;
use crate::load::{read, source_of};
use crate::observer::Observer;
use crate::options::on_threads;
use crate::run_folder::{FinishedRun, RunFolder};

/// What is predicted, and where to.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmissionOptions {
    /// The benchmark.
    pub benchmark: Benchmark,
    /// Which sets are predicted; the benchmark asks for its test sets.
    pub part: Part,
    /// The folder that the files are written to; made if it is not there.
    pub output: PathBuf,
    /// The folder that relative paths of the configuration start from, if the data moved.
    pub data: Option<PathBuf>,
    /// Threads to run on; `None` leaves it to the global pool.
    pub threads: Option<usize>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Submission {
    /// Each file, with the number of its predictions.
    pub files: Vec<(PathBuf, u64)>,
    /// Tasks whose set is not there, and why.
    pub skipped: Vec<String>,
}

/// A task of the benchmark and the run's task whose model answers it.
struct Wanted {
    task: &'static BenchmarkTask,
    task_idx: usize,
    path: PathBuf,
}

/// Predicts every task of a benchmark that the finished run in `folder` was trained on, and writes the official files.
///
/// A task that the benchmark trains no model for is answered by the one that it names: GLUE's mismatched MNLI and its
/// diagnostics by MNLI's, SuperGLUE's diagnostics by RTE's, where their files lie beside.
///
/// Errors if there is no such run, if it has no task of the benchmark, if none of their sets is there, or if a file
/// cannot be read or written.
pub fn submission(
    folder: &Path,
    options: &SubmissionOptions,
    observer: &mut dyn Observer,
) -> Result<Submission, TrainError> {
    on_threads(options.threads, || {
        let mut run = RunFolder::new(folder).open()?;
        if let Some(data) = &options.data {
            run.config.data = data.clone();
        }
        let (wanted, skipped) = wanted(&run, options)?;
        fs::create_dir_all(&options.output).map_err(TrainError::io("create the folder", &options.output))?;
        let mut files = Vec::new();
        for (done, one) in wanted.iter().enumerate() {
            observer.tokenizing(&one.path, done, wanted.len());
            let (text, rows) = predict(&run, one)?;
            let path = options.output.join(one.task.prediction_file());
            mtl_core_tensor::weights::write_whole(&path, text.as_bytes())?;
            files.push((path, rows));
        }
        Ok(Submission { files, skipped })
    })
}

/// Each set that can be predicted, and why others cannot.
fn wanted(run: &FinishedRun, options: &SubmissionOptions) -> Result<(Vec<Wanted>, Vec<String>), TrainError> {
    let (mut wanted, mut skipped, mut reason) = (Vec::new(), Vec::new(), None);
    let own = |config: &crate::config::TaskConfig| config.benchmark.as_ref().map(|files| files.task);
    let mine: Vec<_> = run.config.tasks.iter().filter_map(own).collect();
    for (task_idx, config) in run.config.tasks.iter().enumerate() {
        let Some(files) = config.benchmark.as_ref().filter(|files| files.task.benchmark == options.benchmark)
        else {
            continue;
        };
        let folder = run.config.path(&files.dir);
        let given = match options.part {
            Part::Test => files.test.as_ref().map(|file| run.config.path(file)),
            _ => None,
        };
        match given.map_or_else(|| files.task.find(&folder, options.part), Ok) {
            Ok(path) => wanted.push(Wanted { task: files.task, task_idx, path }),
            Err(error) => {
                skipped.push(format!("{}: {error}", files.task));
                reason.get_or_insert(error);
            }
        }
        for relative in relatives(files.task).filter(|relative| !mine.contains(relative)) {
            let beside = folder.parent().and_then(|parent| relative.look_among(parent, options.part));
            if let Some(path) = relative.look(&folder, options.part).or(beside) {
                wanted.push(Wanted { task: relative, task_idx, path });
            }
        }
    }
    match (wanted.is_empty(), reason) {
        (false, _) => Ok((wanted, skipped)),
        (true, Some(error)) => Err(error.into()),
        (true, None) => Err(TrainError::NoBenchmarkTask {
            benchmark: options.benchmark.name(),
            tasks: run.config.task_names().map(String::from).collect(),
        }),
    }
}

/// The tasks that a task's model answers too.
fn relatives(of: &BenchmarkTask) -> impl Iterator<Item = &'static BenchmarkTask> {
    let names: &[&str] = match of.full_name().as_str() {
        "glue/mnli" => &["glue/mnli-mismatched", "glue/ax"],
        "superglue/rte" => &["superglue/ax-b", "superglue/ax-g"],
        _ => &[],
    };
    names.iter().filter_map(|name| task(name))
}

/// The content of one file, and the number of its predictions.
fn predict(run: &FinishedRun, wanted: &Wanted) -> Result<(String, u64), TrainError> {
    let &Wanted { task, task_idx, ref path } = wanted;
    let config = &run.config.tasks[task_idx];
    let source = Source { label: None, benchmark: Some(task), ..source_of(config, path.clone()) };
    let examples = read(&source, None)?;
    let encoded = run.tokenizer.encode_all(&examples)?;
    let texts: Vec<&Encoded> = encoded.iter().collect();
    let spec = &run.tasks.tasks[task_idx];
    let pack_tokens = run.tasks.pack_tokens;
    let asked =
        with_model!(&run.model, model => Asked { model, task_idx, spec, pack_tokens }.answer(&texts, None));
    let answers = asked?.answers;
    let predicted: Vec<String> = answers.iter().map(|answer| said(answer, &spec.labels, task)).collect();
    let text = match task.benchmark {
        Benchmark::SuperGlue => objects(&source, &predicted, task)?,
        _ => rows(&predicted),
    };
    Ok((text, predicted.len() as u64))
}

/// An answer as the official files have it.
fn said(answer: &Answer, labels: &[String], task: &BenchmarkTask) -> String {
    match answer {
        Answer::Text(Prediction::Value(value)) => value.clamp(0.0, 5.0).to_string(),
        Answer::Text(Prediction::Class(class, _)) => match (task.name, labels[*class].as_str()) {
            ("wsc", "true") => "True".to_owned(),
            ("wsc", "false") => "False".to_owned(),
            // The diagnostics of SuperGLUE have RTE's labels, those of GLUE MNLI's.
            (_, label) => label.to_owned(),
        },
        other => unreachable!("a benchmark's task is of classes or numbers, not {other:?}"),
    }
}

/// GLUE's table.
fn rows(predicted: &[String]) -> String {
    let rows = predicted.iter().enumerate().map(|(index, label)| format!("{index}\t{label}\n"));
    std::iter::once("index\tprediction\n".to_owned()).chain(rows).collect()
}

/// SuperGLUE's objects.
fn objects(
    source: &Source,
    predicted: &[String],
    task: &'static BenchmarkTask,
) -> Result<String, TrainError> {
    let ids = source.read_keys("idx")?;
    let objects: Vec<Value> = if task.name == "multirc" {
        paragraphs(source, &ids, predicted, task)?
    } else {
        ids.iter().zip(predicted).map(|(id, label)| json!({ "idx": number(id), "label": label })).collect()
    };
    Ok(objects.iter().map(|object| format!("{object}\n")).collect())
}

/// MultiRC's predictions, nested as its paragraphs are.
fn paragraphs(
    source: &Source,
    ids: &[String],
    predicted: &[String],
    task: &'static BenchmarkTask,
) -> Result<Vec<Value>, TrainError> {
    let mut candidates = ids.iter().zip(predicted);
    let mut paragraphs: Vec<(String, Vec<Value>)> = Vec::new();
    for question in task.questions(&source.path, Part::Test)? {
        let (paragraph, id) = question.id.split_once('/').expect("it names paragraph and question");
        let answers: Vec<Value> = candidates
            .by_ref()
            .take(question.choices.len())
            .map(|(id, label)| json!({ "idx": number(id), "label": number(label) }))
            .collect();
        let asked = json!({ "idx": number(id), "answers": answers });
        match paragraphs.last_mut() {
            Some((last, questions)) if last == paragraph => questions.push(asked),
            _ => paragraphs.push((paragraph.to_owned(), vec![asked])),
        }
    }
    let object = |(id, questions): (String, Vec<Value>)| json!({ "idx": number(&id), "passage": { "questions": questions } });
    Ok(paragraphs.into_iter().map(object).collect())
}

/// A number, where the text is one.
fn number(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number))
}
