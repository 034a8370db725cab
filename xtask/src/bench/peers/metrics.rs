//! The `metrics` case: the scores of the same predictions here and by the libraries that people use.

use std::process::Command;

use anyhow::{Context, bail};

use super::Bench;
use crate::bench::cases::Case;
use crate::bench::metrics::Timed;
use crate::bench::report::Scored;
use crate::process;

/// How far the values of the two sides may lie apart: the order of a sum differs.
const SAME: f64 = 1e-9;

/// Runs both sides in turns. Errors if they measure different scores or disagree about one.
pub(super) fn compared(bench: &Bench<'_>, case: &Case) -> anyhow::Result<Vec<Scored>> {
    let mut scores: Vec<Scored> = Vec::new();
    for _ in 0..bench.args.repeats {
        let theirs = read(&process::output(&mut bench.script(&case.peers[0]))?).context("metrics: Python")?;
        let ours = read(&process::output(&mut ours(bench)?)?).context("metrics: mtl")?;
        if scores.is_empty() {
            scores = ours.iter().map(empty).collect();
        }
        add(&mut scores, &ours, &theirs)?;
    }
    Ok(scores)
}

fn ours(bench: &Bench<'_>) -> anyhow::Result<Command> {
    let mut command = bench.own("metrics")?;
    command.args(["--json", "--threads", &bench.threads.to_string()]);
    Ok(command)
}

fn read(printed: &str) -> anyhow::Result<Vec<Timed>> {
    let lines = printed.lines().filter(|line| line.starts_with('{'));
    Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn empty(timed: &Timed) -> Scored {
    Scored { name: timed.name.clone(), values: (timed.value, timed.value), seconds: (Vec::new(), Vec::new()) }
}

fn add(scores: &mut [Scored], ours: &[Timed], theirs: &[Timed]) -> anyhow::Result<()> {
    let names = |side: &[Timed]| side.iter().map(|timed| timed.name.clone()).collect::<Vec<_>>();
    if names(ours) != names(theirs) {
        bail!("metrics: measured {:?} here and {:?} in Python", names(ours), names(theirs));
    }
    for ((scored, ours), theirs) in scores.iter_mut().zip(ours).zip(theirs) {
        let apart = (ours.value - theirs.value).abs();
        if apart.is_nan() || apart > SAME {
            bail!("{}: {} here, {} in Python", scored.name, ours.value, theirs.value);
        }
        scored.values = (ours.value, theirs.value);
        scored.seconds.0.push(ours.seconds);
        scored.seconds.1.push(theirs.seconds);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(name: &str, value: f64) -> Timed {
        Timed { name: name.to_owned(), seconds: 0.1, value }
    }

    #[test]
    fn sides_that_differ_in_a_score_or_its_value_are_errors() {
        let ours = [timed("classes/accuracy", 0.5)];
        let mut scores = vec![empty(&ours[0])];
        add(&mut scores, &ours, &[timed("classes/accuracy", 0.5 + 1e-12)]).unwrap();
        assert_eq!(scores[0].seconds, (vec![0.1], vec![0.1]));
        let error = add(&mut scores, &ours, &[timed("classes/accuracy", 0.6)]).unwrap_err().to_string();
        assert_eq!(error, "classes/accuracy: 0.5 here, 0.6 in Python");
        assert!(add(&mut scores, &ours, &[timed("values/pearson", 0.5)]).is_err());
        assert!(add(&mut scores, &ours, &[]).is_err());
    }

    #[test]
    fn lines_that_are_no_measurement_are_passed_over() {
        let printed = "a warning\n{\"name\": \"values/pearson\", \"seconds\": 0.1, \"value\": 0.7}\n";
        assert_eq!(read(printed).unwrap(), [timed("values/pearson", 0.7)]);
        assert!(read("{\"name\": 1}").is_err());
    }
}
