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
    /// Our runs; the peers are compared with the first.
    pub(super) ours: Vec<Side>,
    /// The peers' runs.
    pub(super) theirs: Vec<Side>,
    /// What a reader must know beside the numbers.
    pub(super) notes: Vec<String>,
}

/// The processes of one program with its settings.
pub(super) struct Side {
    /// Who it is.
    pub(super) name: String,
    /// Floating-point operations of one step; nothing where real text is measured.
    pub(super) flop: Option<f64>,
    /// What each process measured, in order.
    pub(super) samples: Vec<Sample>,
}

impl Side {
    /// Sentences per second at the median, where sentences are counted.
    pub(super) fn sentences_per_second(&self) -> Option<f64> {
        let sentences: Option<Vec<f64>> =
            self.samples.iter().map(|s| Some(s.sentences? / s.seconds)).collect();
        sentences.map(median)
    }

    fn seconds(&self) -> f64 {
        self.middle(|s| s.seconds)
    }

    fn tokens_per_second(&self) -> f64 {
        self.middle(|s| s.tokens / s.seconds)
    }

    fn memory(&self) -> f64 {
        self.middle(|s| s.peak_rss_mib)
    }

    fn middle(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(of))
    }

    /// The median time, and the least and the most.
    fn times(&self) -> String {
        let seconds = || self.samples.iter().map(|s| s.seconds);
        let (least, most) = (seconds().fold(f64::INFINITY, f64::min), seconds().fold(0.0, f64::max));
        format!("{:.4} [{least:.4}, {most:.4}]", self.seconds())
    }

    fn gflop_per_second(&self) -> String {
        self.flop.map_or("-".to_owned(), |flop| format!("{:.0}", flop / self.seconds() / 1e9))
    }

    /// The median of each task's score.
    fn scores(&self) -> String {
        let tasks = self.samples.iter().map(|s| s.scores.len()).min().unwrap_or(0);
        let of_task = |task: usize| format!("{:.3}", self.middle(|s| s.scores[task]));
        if tasks == 0 { "-".to_owned() } else { (0..tasks).map(of_task).collect::<Vec<_>>().join(" ") }
    }
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

/// The whole page: tables of ours beside peers, of ours beside ours, and of metrics, each if there is any.
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
        "- {threads} threads; {repeats} processes a side, in turns (peers, mtl, peers, mtl, ...); medians, \
         spread in brackets; a peer named alone is as people write it, and bold is the ratio to a case's fastest peer\n"
    )
    .expect(STRING);
    let beside_peers: Vec<&Row> = rows.iter().filter(|row| !row.theirs.is_empty()).collect();
    let alone: Vec<&Row> = rows.iter().filter(|row| row.ours.len() > 1 || row.theirs.is_empty()).collect();
    let notes: String = rows
        .iter()
        .flat_map(|row| row.notes.iter().map(|note| format!("- {}: {note}\n", row.name)))
        .collect();
    let parts = [
        (beside_peers.is_empty(), table(&beside_peers)),
        (alone.is_empty(), table_of_ours(&alone)),
        (notes.is_empty(), notes),
        (scores.is_empty(), table_of_scores(scores)),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|(empty, _)| !empty).map(|(_, part)| part).collect();
    text + &parts.join("\n")
}

const STRING: &str = "writing to a string";

/// One line for each peer; the ratio to the fastest one, which is the headline, is bold.
fn table(rows: &[&Row]) -> String {
    let mut text = String::from(
        "| case | peer | peer s | mtl s | times as fast | peer tokens/s | mtl tokens/s \
         | peer GFLOP/s | mtl GFLOP/s | peer MiB | mtl MiB | share of memory | peer scores | mtl scores |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let best = row.theirs.iter().map(Side::seconds).fold(f64::INFINITY, f64::min);
        for peer in &row.theirs {
            text += &line(row.name, peer, &row.ours[0], peer.seconds() <= best);
        }
    }
    text
}

fn line(name: &str, peer: &Side, ours: &Side, headline: bool) -> String {
    let ratio = format!("{:.2}", peer.seconds() / ours.seconds());
    format!(
        "| {name} | {} | {} | {} | {} | {:.0} | {:.0} | {} | {} | {:.0} | {:.0} | {:.2} | {} | {} |\n",
        peer.name,
        peer.times(),
        ours.times(),
        if headline { format!("**{ratio}**") } else { ratio },
        peer.tokens_per_second(),
        ours.tokens_per_second(),
        peer.gflop_per_second(),
        ours.gflop_per_second(),
        peer.memory(),
        ours.memory(),
        ours.memory() / peer.memory(),
        peer.scores(),
        ours.scores(),
    )
}

/// One line for each run of ours, with its speed beside that of the case's first.
fn table_of_ours(rows: &[&Row]) -> String {
    let mut text = String::from(
        "| case | run | s | tokens/s | of the first | GFLOP/s | MiB |\n|---|---|---|---|---|---|---|\n",
    );
    for (row, side) in rows.iter().flat_map(|row| row.ours.iter().map(move |side| (row, side))) {
        writeln!(
            text,
            "| {} | {} | {} | {:.0} | {:.3} | {} | {:.0} |",
            row.name,
            side.name,
            side.times(),
            side.tokens_per_second(),
            side.tokens_per_second() / row.ours[0].tokens_per_second(),
            side.gflop_per_second(),
            side.memory()
        )
        .expect(STRING);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &str, seconds: &[f64], peak_rss_mib: f64) -> Side {
        let sample = |&seconds: &f64| Sample {
            seconds,
            tokens: 100.0,
            sentences: Some(10.0),
            peak_rss_mib,
            scores: vec![0.5, 1.0 / seconds],
        };
        Side { name: name.to_owned(), flop: Some(4e9), samples: seconds.iter().map(sample).collect() }
    }

    fn row() -> Row {
        Row {
            name: "step-x",
            ours: vec![side("mtl", &[1.0, 0.5, 2.0], 50.0), side("half", &[2.0], 60.0)],
            theirs: vec![side("plain", &[4.0, 2.0, 3.0], 200.0), side("best", &[1.5], 100.0)],
            notes: Vec::new(),
        }
    }

    #[test]
    fn each_peer_has_a_line_and_the_fastest_is_the_headline() {
        let text = table(&[&row()]);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| step-x | plain | 3.0000 [2.0000, 4.0000] | 1.0000 [0.5000, 2.0000] | 3.00 | 33 | 100 \
                 | 1 | 4 | 200 | 50 | 0.25 | 0.500 0.333 | 0.500 1.000 |",
                "| step-x | best | 1.5000 [1.5000, 1.5000] | 1.0000 [0.5000, 2.0000] | **1.50** | 67 | 100 \
                 | 3 | 4 | 100 | 50 | 0.50 | 0.500 0.667 | 0.500 1.000 |",
            ]
        );
        assert!(text.lines().all(|line| line.matches('|').count() == 15), "{text}");
    }

    #[test]
    fn ours_stand_beside_the_first_of_them() {
        let text = table_of_ours(&[&row()]);
        let last = "| step-x | half | 2.0000 [2.0000, 2.0000] | 50 | 0.500 | 2 | 60 |";
        assert_eq!(text.lines().last(), Some(last));
        assert_eq!(row().ours[0].sentences_per_second(), Some(10.0));
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
}
