//! What a comparison says about a task in plain words.

use comfy_table::Color;
use mtl_train::compare::TaskSummary;

/// What training together did to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its score is better by more than the spread.
    Better,
    /// Its score is worse by more than the spread.
    Worse,
    /// The difference is within the spread.
    Same,
}

impl Verdict {
    /// The verdict on a task; with one seed there is no spread, and the sign decides.
    ///
    /// The spread is the root mean square of the two standard deviations. This is no test of significance.
    pub fn of(task: &TaskSummary) -> Self {
        let spread = spread(task).unwrap_or(0.0);
        if task.difference.abs() <= spread {
            Verdict::Same
        } else if improved(task) {
            Verdict::Better
        } else {
            Verdict::Worse
        }
    }

    /// The verdict in words.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Same => "about the same",
        }
    }

    /// The colour of the words.
    pub fn color(self) -> Option<Color> {
        match self {
            Verdict::Better => Some(Color::Green),
            Verdict::Worse => Some(Color::Red),
            Verdict::Same => None,
        }
    }
}

fn spread(task: &TaskSummary) -> Option<f64> {
    let (single, joint) = (task.single_sd?, task.joint_sd?);
    Some(((single * single + joint * joint) / 2.0).sqrt())
}

/// Whether the difference is an improvement: the sign of the relative gain knows which way is better. Where the score
/// alone is 0 there is none; a loss of 0 cannot improve, and every other score does by rising.
fn improved(task: &TaskSummary) -> bool {
    task.relative_gain.map_or(task.difference > 0.0 && task.metric != "loss", |gain| gain > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(single: f64, joint: f64, sd: Option<f64>, sign: f64) -> TaskSummary {
        let difference = joint - single;
        TaskSummary {
            task: "a".into(),
            metric: if sign > 0.0 { "accuracy".into() } else { "loss".into() },
            single_mean: single,
            single_sd: sd,
            joint_mean: joint,
            joint_sd: sd,
            difference,
            relative_gain: (single != 0.0).then(|| sign * difference / single.abs()),
        }
    }

    #[test]
    fn a_difference_beyond_the_spread_counts() {
        assert_eq!(Verdict::of(&task(0.5, 0.6, Some(0.05), 1.0)), Verdict::Better);
        assert_eq!(Verdict::of(&task(0.6, 0.5, Some(0.05), 1.0)), Verdict::Worse);
        assert_eq!(Verdict::of(&task(0.5, 0.54, Some(0.05), 1.0)), Verdict::Same);
    }

    #[test]
    fn a_lower_loss_is_better() {
        assert_eq!(Verdict::of(&task(0.6, 0.5, None, -1.0)), Verdict::Better);
        assert_eq!(Verdict::of(&task(0.0, 0.5, None, -1.0)), Verdict::Worse);
    }

    #[test]
    fn with_one_seed_the_sign_decides() {
        assert_eq!(Verdict::of(&task(0.5, 0.51, None, 1.0)), Verdict::Better);
        assert_eq!(Verdict::of(&task(0.0, 0.51, None, 1.0)), Verdict::Better);
        assert_eq!(Verdict::of(&task(0.5, 0.5, None, 1.0)), Verdict::Same);
    }
}
