//! What one process measured, read from the lines that it printed or the file that it wrote.

use anyhow::{Context, bail};
use serde_json::Value;

use super::step::{StepArgs, StepReport};

/// One process of one side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Time of one step, or of the whole training.
    pub(super) seconds: f64,
    /// Real tokens per second.
    pub(super) tokens_per_second: f64,
    /// Largest resident memory in MiB.
    pub(super) peak_rss_mib: f64,
    /// Pearson correlation on dev after training; steps have none.
    pub(super) pearson: Option<f64>,
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
        tokens_per_second: report.tokens_per_s,
        peak_rss_mib: report.peak_rss_mib as f64,
        pearson: None,
    })
}

/// Reads what the peer prints after training: one line per task, then one for the run.
pub(super) fn of_peer_training(printed: &str) -> anyhow::Result<Sample> {
    let lines: Vec<Value> = lines(printed).collect();
    let run =
        lines.iter().find(|line| line.get("real_tok_per_s").is_some()).context("no line for the run")?;
    Ok(Sample {
        seconds: number(run, "/seconds")?,
        tokens_per_second: number(run, "/real_tok_per_s")?,
        peak_rss_mib: number(run, "/peak_rss_mib")?,
        pearson: lines.iter().find_map(|line| line.get("pearson")?.as_f64()),
    })
}

/// Reads `metrics.json` of a run of ours whose task is called `similarity`.
pub(super) fn of_our_training(metrics: &str) -> anyhow::Result<Sample> {
    let run: Value = serde_json::from_str(metrics).context("metrics.json is not JSON")?;
    Ok(Sample {
        seconds: number(&run, "/seconds")?,
        tokens_per_second: number(&run, "/tokens_per_second")?,
        peak_rss_mib: number(&run, "/peak_rss_mib")?,
        pearson: Some(number(&run, "/tasks/similarity/pearson")?),
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
    use super::super::cases::CASES;
    use super::*;

    const STEP: &str = r#"{"hidden":384,"layers":6,"heads":12,"ffn":1536,"batch":32,"seq":128,"threads":2,"steps":7,"dtype":"f32","mode":"train","seconds":2.0,"tokens_per_s":2048,"gflop_per_s":139.0,"peak_rss_mib":2500}"#;

    #[test]
    fn a_step_is_read_past_warnings() {
        let asked = CASES[0].step_args(2).unwrap();
        let sample = of_step(&format!("a warning\n{STEP}\n"), &asked).unwrap();
        assert_eq!((sample.seconds, sample.peak_rss_mib), (2.0, 2500.0));
    }

    #[test]
    fn other_work_than_asked_for_is_an_error() {
        let asked = CASES[0].step_args(1).unwrap();
        assert!(of_step(STEP, &asked).unwrap_err().to_string().starts_with("asked for"));
        assert!(of_step("nothing", &asked).is_err());
    }

    #[test]
    fn both_forms_of_training_are_read() {
        let theirs = "{\"task\": \"stsb\", \"pearson\": 0.86, \"spearman\": 0.85}\n{\"tasks\": \"stsb\", \"seconds\": 90.0, \"real_tok_per_s\": 1592, \"peak_rss_mib\": 1800}\n";
        assert_eq!(of_peer_training(theirs).unwrap().pearson, Some(0.86));
        let ours = r#"{"tasks":{"similarity":{"pearson":0.87}},"seconds":30.0,"tokens_per_second":4800.0,"peak_rss_mib":900}"#;
        assert_eq!(of_our_training(ours).unwrap().seconds, 30.0);
        let error = of_our_training("{}").unwrap_err().to_string();
        assert_eq!(error, "/seconds is missing");
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median([7.0]), 7.0);
    }
}
