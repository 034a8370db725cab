//! The matrix of effects, as an SVG picture.
//!
//! A row is the task that is present or left out, a column the task that is scored. Green helps, red hurts, grey is no
//! evidence; the number is the effect on the score. Written by hand: a grid of labelled rectangles needs no library,
//! and no fonts but the viewer's.

use super::evidence::Verdict;
use super::who_hurts::{Effect, WhoHurts};

/// Width of a cell, in pixels.
const WIDTH: usize = 110;
/// Height of a cell, in pixels.
const HEIGHT: usize = 34;
/// Width of a letter, about.
const LETTER: usize = 8;

/// The picture as an SVG document.
pub fn svg(who_hurts: &WhoHurts) -> String {
    let tasks = &who_hurts.tasks;
    let longest = tasks.iter().map(|task| task.chars().count()).max().unwrap_or(0);
    let (left, cell) = (longest * LETTER + 30, WIDTH.max(longest * LETTER + 10));
    let top = 2 * HEIGHT + 10;
    let (width, height) =
        ((left + tasks.len() * cell + 10).max(520), top + tasks.len() * HEIGHT + 2 * HEIGHT);
    let mut parts = vec![
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">"
        ),
        format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>"),
        text((10, 22), "start", "What having the row's task in the mix does to the column's task"),
    ];
    for (column, task) in tasks.iter().enumerate() {
        parts.push(text((left + column * cell + cell / 2, top - 10), "middle", task));
    }
    for (row, of) in tasks.iter().enumerate() {
        let y = top + row * HEIGHT;
        parts.push(text((left - 10, y + HEIGHT / 2 + 5), "end", of));
        for (column, on) in tasks.iter().enumerate() {
            let x = left + column * cell;
            let (fill, words) = who_hurts.effect(of, on).map_or(("#ffffff", String::new()), look);
            parts.push(format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{cell}\" height=\"{HEIGHT}\" fill=\"{fill}\" stroke=\"#ffffff\"/>"
            ));
            parts.push(text((x + cell / 2, y + HEIGHT / 2 + 5), "middle", &words));
        }
    }
    let legend = top + tasks.len() * HEIGHT + HEIGHT;
    parts.push(text(
        (10, legend),
        "start",
        "green: helps   red: hurts   grey: no evidence (Holm-adjusted p of .05 or more)",
    ));
    parts.push("</svg>\n".to_owned());
    parts.join("\n")
}

/// The colour and the words of a cell.
fn look(effect: &Effect) -> (&'static str, String) {
    let fill = match effect.evidence.verdict {
        Verdict::Helped => "#a6d8a8",
        Verdict::Hurt => "#f2a5a0",
        Verdict::NoEvidence => "#e6e6e6",
    };
    (fill, format!("{:+.4}", effect.difference))
}

fn text((x, y): (usize, usize), anchor: &str, words: &str) -> String {
    // Names of tasks are letters, digits, `_` and `-`: nothing to escape.
    format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{words}</text>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Evidence;

    #[test]
    fn each_pair_has_its_cell_and_colour() {
        let effect = |of: &str, on: &str, difference: f64, verdict| Effect {
            of: of.into(),
            on: on.into(),
            metric: "accuracy".into(),
            with_mean: 0.5 + difference,
            without_mean: 0.5,
            difference,
            improvement: difference,
            evidence: Evidence { verdict, ..Evidence::default() },
        };
        let effects =
            vec![effect("a", "b", -0.1, Verdict::Hurt), effect("b", "a", 0.02, Verdict::NoEvidence)];
        let picture = svg(&WhoHurts { tasks: vec!["a".into(), "b".into()], effects, runs: Vec::new() });
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        assert_eq!(picture.matches("<rect").count(), 1 + 4);
        assert_eq!(picture.matches("#f2a5a0").count(), 1);
        assert!(picture.contains(">-0.1000<") && picture.contains(">+0.0200<"));
    }
}
