//! A history as a picture: panels over the steps.

use std::collections::BTreeMap;

use super::read::{Points, TaskTrace, Trace};
use super::summary::Inspection;
use crate::plot::{Figure, Panel, Series};

/// No more pairs are drawn than these, the ones that conflict most.
const MOST_PAIRS: usize = 12;

/// The SVG document. `judged_by` is the metric that is drawn for each task; of others, the first that is not the loss.
pub fn svg(
    trace: &Trace,
    inspection: &Inspection,
    title: &str,
    judged_by: &BTreeMap<String, String>,
) -> String {
    let title = format!("{title}: {} steps, {} evaluations", inspection.steps, inspection.evaluations);
    Figure { title, x_label: "step", panels: panels(trace, inspection, judged_by) }.svg()
}

fn panels(trace: &Trace, inspection: &Inspection, judged_by: &BTreeMap<String, String>) -> Vec<Panel> {
    let unmeasured = inspection.unmeasured.map_or_else(String::new, |reason| reason.to_string());
    let of_tasks = |points: fn(&TaskTrace) -> &Points| {
        let lines =
            trace.tasks.iter().enumerate().map(|(look, (name, task))| series(name, look, points(task)));
        lines.filter(|line| !line.points.is_empty()).collect()
    };
    let panel = |title: &str, lines, level, empty: &str| Panel {
        title: title.to_owned(),
        lines,
        smooth: true,
        level,
        empty: empty.to_owned(),
    };
    vec![
        panel(
            "loss (thin: each step; thick: running mean)",
            of_tasks(|task| &task.losses),
            None,
            "no step is done yet",
        ),
        panel(
            "weight of the task's gradient in the shared parameters",
            of_tasks(|task| &task.weights),
            Some(1.0),
            "no task has one weight for all its gradient",
        ),
        panel(
            "norm of the task's gradient, before its weight",
            of_tasks(|task| &task.gradient_norms),
            None,
            &unmeasured,
        ),
        panel(&cosine_title(inspection), cosines(trace, inspection), Some(0.0), &unmeasured),
        Panel {
            smooth: false,
            ..panel("score on the dev set", scores(trace, judged_by), None, "no evaluation is done yet")
        },
    ]
}

fn cosine_title(inspection: &Inspection) -> String {
    let title = "cosine of two tasks' gradients (below 0: conflict)";
    match inspection.pairs.len() {
        all if all > MOST_PAIRS => format!("{title}, the {MOST_PAIRS} of {all} pairs that conflict most"),
        _ => title.to_owned(),
    }
}

fn cosines(trace: &Trace, inspection: &Inspection) -> Vec<Series> {
    let pairs = inspection.pairs.iter().take(MOST_PAIRS).enumerate();
    let line = |(look, pair): (usize, &super::PairInspection)| {
        let points = &trace.cosines[&(pair.first.clone(), pair.second.clone())];
        series(&format!("{} / {}", pair.first, pair.second), look, points)
    };
    pairs.map(line).collect()
}

fn scores(trace: &Trace, judged_by: &BTreeMap<String, String>) -> Vec<Series> {
    let line = |(look, (name, task)): (usize, (&String, &TaskTrace))| {
        let judged = judged_by.get(name).filter(|metric| task.scores.contains_key(*metric));
        let first =
            || task.scores.keys().find(|metric| *metric != "loss").or_else(|| task.scores.keys().next());
        let metric = judged.or_else(first)?;
        Some(series(&format!("{name} {metric}"), look, &task.scores[metric]))
    };
    trace.tasks.iter().enumerate().filter_map(line).collect()
}

fn series(name: &str, look: usize, points: &Points) -> Series {
    let points = points.iter().map(|(step, value)| (*step as f64, *value)).collect();
    Series { name: name.to_owned(), look, points }
}
