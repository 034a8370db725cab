//! Shows a run on stderr: a progress bar on a terminal, plain lines in a pipe.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use mtl_train::{Config, Observer, Plan, Scores, StepReport};

use crate::{format, plan, report};

const READING: &str = "{spinner} {wide_msg}";
const STEPS: &str = "{prefix}{bar:24} {pos}/{len}  {eta} left  {wide_msg}";

/// How the plan of a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanView {
    /// As a table on stdout.
    Table,
    /// As a line on stderr.
    Line,
    /// Not at all.
    Hidden,
}

/// The observer of this command.
#[derive(Debug)]
pub struct Progress {
    /// There on a terminal only.
    bar: Option<ProgressBar>,
    plan_view: PlanView,
    /// The metric by which each task is judged, where it is known.
    judged_by: BTreeMap<String, String>,
    /// The run of a comparison, as `2 of 6, joint-1: `.
    run: String,
    /// Steps of the run, once the first is done.
    total: Option<u64>,
    /// As `1,200 tokens/s, 62 % of the peak`.
    rate: String,
    /// Warnings are shown once, however many runs have them.
    warned: HashSet<String>,
}

impl Progress {
    /// An observer that shows plans as told.
    pub fn new(plan_view: PlanView) -> Self {
        Self {
            bar: io::stderr().is_terminal().then(new_bar),
            plan_view,
            judged_by: BTreeMap::new(),
            run: String::new(),
            total: None,
            rate: String::new(),
            warned: HashSet::new(),
        }
    }

    /// The same, which shows only the metric of each task by which it is judged, not all but the loss.
    pub fn judging(mut self, config: &Config) -> Self {
        let metrics = config.tasks.iter().map(|task| (task.name.clone(), task.metric.clone()));
        self.judged_by = metrics.collect();
        self
    }

    /// Writes something, the bar stepping aside.
    fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn line(&self, text: &str) {
        self.aside(|| report::line(text));
    }

    fn scores(&self, scores: &Scores) -> String {
        let shown = scores.iter().map(|(task, values)| {
            let judged = self.judged_by.get(task);
            let shown = |metric: &str| judged.map_or(metric != "loss", |judged| judged == metric);
            let chosen = values.iter().filter(|(metric, _)| shown(metric) || values.len() == 1);
            let values: Vec<String> =
                chosen.map(|(metric, value)| format!("{metric} {}", format::score(*value))).collect();
            format!("{task} {}", values.join(" "))
        });
        shown.collect::<Vec<_>>().join(", ")
    }
}

impl Observer for Progress {
    fn run(&mut self, name: &str, number: usize, total: usize) {
        self.run = format!("run {number} of {total}, {name}: ");
        self.total = None;
    }

    fn tokenizing(&mut self, file: &Path, done: usize, total: usize) {
        if let Some(bar) = &self.bar {
            bar.set_style(style(READING));
            bar.set_message(format!("{}reading {} ({} of {total})", self.run, file.display(), done + 1));
            bar.tick();
        }
    }

    fn planned(&mut self, plan: &Plan) {
        match self.plan_view {
            // A closed stdout is noticed by whatever is printed last.
            PlanView::Table => self.aside(|| drop(report::print(&plan::text(plan)))),
            PlanView::Line => {
                self.line(&format!("{}{}", self.run, plan::line(plan)));
                for warning in &plan.warnings {
                    if self.warned.insert(warning.clone()) {
                        self.line(&format!("warning: {warning}"));
                    }
                }
            }
            PlanView::Hidden => {}
        }
    }

    fn step(&mut self, step: &StepReport<'_>) {
        self.rate = rate(step);
        let first = self.total.replace(step.total).is_none();
        let Some(bar) = &self.bar else { return };
        if first {
            bar.set_style(style(STEPS));
            bar.set_prefix(self.run.clone());
            bar.set_length(step.total);
            // A resumed run begins where it stopped, which must not look like speed.
            bar.set_position(step.step.saturating_sub(1));
            bar.reset_eta();
        }
        bar.set_position(step.step);
        bar.set_message(rate_and_losses(step));
    }

    fn evaluated(&mut self, step: u64, scores: &Scores) {
        let total = self.total.map_or(String::new(), |total| format!("/{total}"));
        let (run, rate) = (&self.run, &self.rate);
        self.line(&format!("{run}step {step}{total}, {rate}: {}", self.scores(scores)));
    }

    fn message(&mut self, text: &str) {
        if self.warned.insert(format!("{}{text}", self.run)) {
            self.line(text);
        }
    }
}

/// `1,200 tokens/s, 62 % of the peak`.
fn rate(step: &StepReport<'_>) -> String {
    let tokens = format::count(step.tokens_per_second.round() as u64);
    format!("{tokens} tokens/s, {} of the peak", format::share(step.share_of_peak))
}

/// `1,200 tokens/s, 62 % of the peak  loss  mood 0.512  similarity 0.123 x0.80 norm 0.41  conflict -0.31 mood/similarity`: a task's weight
/// where it differs from 1, the norm of its gradient and the sharpest conflict where they were measured.
fn rate_and_losses(step: &StepReport<'_>) -> String {
    let mut text = format!("{}  loss", rate(step));
    for (((task, loss), weight), norm) in step.losses.iter().zip(step.weights).zip(step.gradient_norms) {
        text += &match loss {
            Some(loss) => format!("  {task} {loss:.3}{}", times(*weight)),
            None => format!("  {task} -"),
        };
        text += &norm.map_or_else(String::new, |norm| format!(" norm {norm:.2}"));
    }
    if let Some((first, second, cosine)) = step.conflict {
        text += &format!("  conflict {cosine:.2} {first}/{second}");
    }
    text
}

/// A weight, unless it reads as 1.
fn times(weight: Option<f64>) -> String {
    let text = weight.map_or_else(String::new, |weight| format!(" x{weight:.2}"));
    if text == " x1.00" { String::new() } else { text }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        .with_style(style(READING))
        .with_finish(ProgressFinish::AndClear);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates of this file are valid")
}
