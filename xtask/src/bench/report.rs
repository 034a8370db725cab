//! The result of a comparison as a Markdown page: machine, command, versions, one row per case.

use std::fmt::Write as _;

use super::machine::Machine;
use super::sample::{Sample, median};

/// One score that both sides computed.
pub(super) struct Scored {
    /// Input and metric.
    pub(super) name: String,
    /// Our value, and the peer's.
    pub(super) values: (f64, f64),
    /// Seconds of one scoring, one a process: ours, and the peer's.
    pub(super) seconds: (Vec<f64>, Vec<f64>),
}

/// The samples of one case.
pub(super) struct Row {
    /// Name of the case.
    pub(super) name: &'static str,
    /// Floating-point operations of one step; nothing for training.
    pub(super) flop: Option<f64>,
    /// Our processes, in order.
    pub(super) ours: Vec<Sample>,
    /// The peer's processes, in order.
    pub(super) theirs: Vec<Sample>,
}

/// How the numbers came about.
pub(super) struct Setting<'a> {
    /// Where.
    pub(super) machine: &'a Machine,
    /// The command as typed, with `DIR` for folders.
    pub(super) command: String,
    /// Versions of the peer's libraries.
    pub(super) versions: Vec<String>,
    /// Threads on both sides.
    pub(super) threads: usize,
    /// Processes per side and case.
    pub(super) repeats: usize,
}

/// The whole page: a table of steps and training, and one of scores, each if there is any.
pub(super) fn page(setting: &Setting<'_>, rows: &[Row], scores: &[Scored]) -> String {
    let Setting { machine, command, versions, threads, repeats } = setting;
    let mut text = String::from("# mtl beside its peers in Python\n\n");
    let Machine { processor, cores, memory_gib, date, commit } = machine;
    writeln!(text, "- machine: {processor}, {cores} cores, {memory_gib:.0} GiB").expect(STRING);
    writeln!(text, "- date: {date}; commit: {commit}").expect(STRING);
    writeln!(text, "- command: `{command}`").expect(STRING);
    writeln!(text, "- peer: {}, from the Python package index", versions.join(", ")).expect(STRING);
    writeln!(
        text,
        "- {threads} threads; {repeats} processes a side, in turns (peer, mtl, peer, mtl, ...); medians, spread in brackets\n"
    )
    .expect(STRING);
    let tables = [(rows.is_empty(), table(rows)), (scores.is_empty(), table_of_scores(scores))];
    let tables: Vec<String> =
        tables.into_iter().filter(|(empty, _)| !empty).map(|(_, table)| table).collect();
    text + &tables.join("\n")
}

const STRING: &str = "writing to a string";

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| case | PyTorch s | mtl s | times as fast | PyTorch tokens/s | mtl tokens/s | PyTorch GFLOP/s | mtl GFLOP/s \
         | PyTorch MiB | mtl MiB | share of memory | PyTorch Pearson | mtl Pearson |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        text += &line(row);
    }
    text
}

fn table_of_scores(scores: &[Scored]) -> String {
    let mut text = String::from(
        "| score | Python ms | mtl ms | times as fast | Python value | mtl value |\n|---|---|---|---|---|---|\n",
    );
    for Scored { name, values: (our_value, their_value), seconds: (ours, theirs) } in scores {
        let (our_time, their_time) = (median(ours.iter().copied()), median(theirs.iter().copied()));
        writeln!(
            text,
            "| {name} | {:.2} | {:.2} | {:.1} | {their_value:.9} | {our_value:.9} |",
            their_time * 1e3,
            our_time * 1e3,
            their_time / our_time
        )
        .expect(STRING);
    }
    text
}

fn line(row: &Row) -> String {
    let Row { name, flop, ours, theirs } = row;
    let (our_time, their_time) = (middle(ours, |s| s.seconds), middle(theirs, |s| s.seconds));
    let (our_memory, their_memory) = (middle(ours, |s| s.peak_rss_mib), middle(theirs, |s| s.peak_rss_mib));
    let speed = |seconds: f64| flop.map_or("-".to_owned(), |flop| format!("{:.0}", flop / seconds / 1e9));
    format!(
        "| {name} | {} | {} | {:.2} | {:.0} | {:.0} | {} | {} | {their_memory:.0} | {our_memory:.0} | {:.2} | {} | {} |\n",
        times(theirs),
        times(ours),
        their_time / our_time,
        middle(theirs, |s| s.tokens_per_second),
        middle(ours, |s| s.tokens_per_second),
        speed(their_time),
        speed(our_time),
        our_memory / their_memory,
        score(theirs),
        score(ours),
    )
}

fn middle(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    median(samples.iter().map(of))
}

fn times(samples: &[Sample]) -> String {
    let least = samples.iter().map(|s| s.seconds).fold(f64::INFINITY, f64::min);
    let most = samples.iter().map(|s| s.seconds).fold(0.0, f64::max);
    format!("{:.4} [{least:.4}, {most:.4}]", middle(samples, |s| s.seconds))
}

fn score(samples: &[Sample]) -> String {
    let scores: Option<Vec<f64>> = samples.iter().map(|s| s.pearson).collect();
    scores.map_or("-".to_owned(), |scores| format!("{:.3}", median(scores)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: f64, peak_rss_mib: f64) -> Sample {
        Sample { seconds, tokens_per_second: 100.0 / seconds, peak_rss_mib, pearson: None }
    }

    #[test]
    fn a_row_states_medians_spread_and_ratios() {
        let row = Row {
            name: "step-x",
            flop: Some(4e9),
            ours: vec![sample(1.0, 50.0), sample(0.5, 50.0), sample(2.0, 50.0)],
            theirs: vec![sample(4.0, 200.0), sample(2.0, 200.0), sample(3.0, 200.0)],
        };
        assert_eq!(
            line(&row),
            "| step-x | 3.0000 [2.0000, 4.0000] | 1.0000 [0.5000, 2.0000] | 3.00 | 33 | 100 | 1 | 4 | 200 | 50 | 0.25 | - | - |\n"
        );
    }

    #[test]
    fn a_score_states_both_times_and_values() {
        let scored = Scored {
            name: "classes/accuracy".to_owned(),
            values: (0.5, 0.25),
            seconds: (vec![0.001, 0.002, 0.003], vec![0.02, 0.03, 0.04]),
        };
        let text = table_of_scores(&[scored]);
        let row = "| classes/accuracy | 30.00 | 2.00 | 15.0 | 0.250000000 | 0.500000000 |";
        assert_eq!(text.lines().last(), Some(row));
    }

    #[test]
    fn every_line_of_the_table_has_the_same_columns() {
        let row = Row { name: "x", flop: None, ours: vec![sample(1.0, 1.0)], theirs: vec![sample(1.0, 1.0)] };
        let text = table(&[row]);
        let columns: Vec<usize> = text.lines().map(|line| line.matches('|').count()).collect();
        assert_eq!(columns, [14, 14, 14]);
    }
}
