//! What one process measured, read from the lines that it printed or the file that it wrote.

use anyhow::{Context, bail};
use serde_json::Value;

use super::infer::InferReport;
use super::step::{StepArgs, StepReport};

/// One process of one side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    /// Time of one step, of the whole training, or of one pass over all sentences.
    pub(super) seconds: f64,
    /// Real tokens in that time.
    pub(super) tokens: f64,
    /// Sentences in that time, where sentences are what people count.
    pub(super) sentences: Option<f64>,
    /// Largest resident memory in MiB.
    pub(super) peak_rss_mib: f64,
    /// The main score on dev of each task after training; other work has none. `(tasks,)`
    pub(super) scores: Vec<f64>,
}

/// Reads the line of a step; errors if it describes other work than was asked for.
pub(super) fn of_step(printed: &str, asked: &StepArgs) -> anyhow::Result<Sample> {
    let line = lines(printed).last().context("no JSON line was printed")?;
    let report: StepReport = serde_json::from_value(line).context("a step report lacks keys")?;
    let shape = asked.encoder.shape();
    let same = (report.hidden, report.layers, report.heads, report.ffn)
        == (shape.hidden, shape.layers, shape.heads, shape.ffn)
        && (report.batch, report.seq, report.threads) == (asked.batch, asked.seq, asked.threads)
        && (report.dtype, report.mode) == (asked.dtype, asked.mode);
    if !same {
        bail!("asked for {asked:?}, measured {report:?}");
    }
    Ok(Sample {
        seconds: report.seconds,
        tokens: (report.batch * report.seq) as f64,
        sentences: None,
        peak_rss_mib: report.peak_rss_mib as f64,
        scores: Vec::new(),
    })
}

/// Reads the line of a pass over sentences.
pub(super) fn of_embeddings(printed: &str) -> anyhow::Result<Sample> {
    let line = lines(printed).last().context("no JSON line was printed")?;
    let report: InferReport = serde_json::from_value(line).context("a report of a pass lacks keys")?;
    Ok(Sample {
        seconds: report.seconds,
        tokens: report.tokens as f64,
        sentences: Some(report.sentences as f64),
        peak_rss_mib: report.peak_rss_mib as f64,
        scores: Vec::new(),
    })
}

/// Reads what the peer prints after training: one line per task, then one for the run.
///
/// `scores` are names of tasks and the keys of their main scores.
pub(super) fn of_peer_training(printed: &str, scores: &[(&str, &str)]) -> anyhow::Result<Sample> {
    let lines: Vec<Value> = lines(printed).collect();
    let run = lines.iter().find(|line| line.get("real_tokens").is_some()).context("no line for the run")?;
    let score = |&(task, key): &(&str, &str)| {
        let of_task = |line: &&Value| line.get("task").and_then(Value::as_str) == Some(task);
        let line = lines.iter().find(of_task).with_context(|| format!("no line for {task}"))?;
        number(line, &format!("/{key}"))
    };
    Ok(Sample {
        seconds: number(run, "/seconds")?,
        tokens: number(run, "/real_tokens")?,
        sentences: None,
        peak_rss_mib: number(run, "/peak_rss_mib")?,
        scores: scores.iter().map(score).collect::<anyhow::Result<_>>()?,
    })
}

/// Reads `metrics.json` of a run of ours.
///
/// `scores` are names of tasks and the keys of their main scores.
pub(super) fn of_our_training(metrics: &str, scores: &[(&str, &str)]) -> anyhow::Result<Sample> {
    let run: Value = serde_json::from_str(metrics).context("metrics.json is not JSON")?;
    let score = |(task, key): &(&str, &str)| number(&run, &format!("/tasks/{task}/{key}"));
    Ok(Sample {
        seconds: number(&run, "/seconds")?,
        tokens: number(&run, "/tokens")?,
        sentences: None,
        peak_rss_mib: number(&run, "/peak_rss_mib")?,
        scores: scores.iter().map(score).collect::<anyhow::Result<_>>()?,
    })
}

/// The printed lines that are JSON objects; programs also print progress and warnings.
fn lines(printed: &str) -> impl Iterator<Item = Value> {
    printed.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(Value::is_object)
}

fn number(object: &Value, pointer: &str) -> anyhow::Result<f64> {
    let value = object.pointer(pointer).with_context(|| format!("{pointer} is missing"))?;
    value.as_f64().with_context(|| format!("{pointer} is not a number: {value}"))
}

/// The middle value, or the mean of the two in the middle. Panics if there is none.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { (sorted[half - 1] + sorted[half]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{Step, Work, cases};
    use super::*;

    const STEP: &str = r#"{"hidden":384,"layers":6,"heads":12,"ffn":1536,"batch":32,"seq":128,"threads":2,"steps":7,"dtype":"f32","mode":"train","seconds":2.0,"tokens_per_s":2048,"gflop_per_s":139.0,"peak_rss_mib":2500}"#;

    fn first(threads: usize) -> StepArgs {
        let Work::Step(step) = cases()[0].work() else { panic!("the first case is a step") };
        Step::args(step, threads)
    }

    #[test]
    fn a_step_is_read_past_warnings() {
        let sample = of_step(&format!("a warning\n{STEP}\n"), &first(2)).unwrap();
        assert_eq!((sample.seconds, sample.tokens, sample.peak_rss_mib), (2.0, 4096.0, 2500.0));
    }

    #[test]
    fn other_work_than_asked_for_is_an_error() {
        assert!(of_step(STEP, &first(1)).unwrap_err().to_string().starts_with("asked for"));
        assert!(of_step("nothing", &first(2)).is_err());
    }

    #[test]
    fn both_forms_of_training_are_read() {
        let theirs = "{\"task\": \"ewt\", \"acc\": 0.96}\n{\"task\": \"stsb\", \"pearson\": 0.86, \"spearman\": 0.85}\n{\"tasks\": \"stsb\", \"seconds\": 90.0, \"real_tokens\": 143280, \"peak_rss_mib\": 1800}\n";
        let sample = of_peer_training(theirs, &[("stsb", "pearson"), ("ewt", "acc")]).unwrap();
        assert_eq!((sample.scores, sample.tokens), (vec![0.86, 0.96], 143_280.0));
        assert!(of_peer_training(theirs, &[("wnut", "span_f1")]).is_err());
        let ours = r#"{"tasks":{"stsb":{"pearson":0.87}},"seconds":30.0,"tokens":144000,"peak_rss_mib":900}"#;
        let sample = of_our_training(ours, &[("stsb", "pearson")]).unwrap();
        assert_eq!((sample.scores, sample.seconds), (vec![0.87], 30.0));
        let error = of_our_training("{}", &[]).unwrap_err().to_string();
        assert_eq!(error, "/seconds is missing");
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median([7.0]), 7.0);
    }
}
