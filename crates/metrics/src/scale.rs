//! What the numbers of a score mean: which way is better, and between which values they lie.
//!
//! | score | its scale |
//! |---|---|
//! | what has a [`MetricKey`](crate::MetricKey) | [`MetricKey::scale`](crate::MetricKey::scale) |
//! | UAS, LAS, CLAS, MLAS, BLEX and the rest of a treebank's evaluation | [`conll18::SCALE`](crate::conll18::SCALE) |
//! | UAS, LAS and CLAS of arcs | [`attachment::SCALE`](crate::attachment::SCALE) |
//! | decaNLP's F1s, exact matches and dialogue scores | [`decanlp::SCALE`](crate::decanlp::SCALE) |
//! | MultiRC, ReCoRD, CB, AX-g | [`superglue::SCALE`](crate::superglue::SCALE) |
//! | GLUE score, SuperGLUE score, decaScore | [`Aggregate::scale`](crate::Aggregate::scale) |
//! | relative gain | [`summary::RELATIVE_GAIN`](crate::summary::RELATIVE_GAIN) |
//! | mean rank | [`summary::MEAN_RANK`](crate::summary::MEAN_RANK) |
//! | weighted mean of normalised scores | [`selection::SCALE`](crate::selection::SCALE) |

/// Which way a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
}

impl Direction {
    /// 1 if higher is better, -1 if lower is: multiplied by it, any score improves upwards.
    pub const fn sign(self) -> f64 {
        match self {
            Direction::Higher => 1.0,
            Direction::Lower => -1.0,
        }
    }
}

/// Direction and range of a score.
///
/// ```
/// use mtl_metrics::{Direction, MetricKey, Scale, superglue};
///
/// const PEARSON: (f64, f64) = MetricKey::Pearson.range();
/// const PARITY: Scale = superglue::SCALE;
/// assert_eq!(PEARSON, (-1.0, 1.0));
/// assert_eq!((PARITY.direction, PARITY.range), (Direction::Higher, (0.0, 1.0)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Which way is better.
    pub direction: Direction,
    /// The smallest and the largest value, both included; infinite where there is none.
    pub range: (f64, f64),
}

impl Scale {
    /// That of shares: 0 to 1, higher is better.
    pub const SHARE: Scale = Scale::higher(0.0, 1.0);

    /// From `min` to `max`, higher is better.
    pub const fn higher(min: f64, max: f64) -> Self {
        Self { direction: Direction::Higher, range: (min, max) }
    }

    /// From `min` to `max`, lower is better.
    pub const fn lower(min: f64, max: f64) -> Self {
        Self { direction: Direction::Lower, range: (min, max) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Aggregate, MetricKey, attachment, conll18, decanlp, selection, summary, superglue};

    #[test]
    fn direction_and_range_are_constants() {
        const PERPLEXITY: (&str, Direction, (f64, f64)) =
            (MetricKey::Perplexity.name(), MetricKey::Perplexity.direction(), MetricKey::Perplexity.range());
        assert_eq!(PERPLEXITY, ("perplexity", Direction::Lower, (1.0, f64::INFINITY)));
        const SCALES: [Scale; 9] = [
            conll18::SCALE,
            attachment::SCALE,
            decanlp::SCALE,
            superglue::SCALE,
            selection::SCALE,
            summary::RELATIVE_GAIN,
            summary::MEAN_RANK,
            Aggregate::Glue.scale(),
            MetricKey::Matthews.scale(),
        ];
        for scale in SCALES {
            assert!(scale.range.0 < scale.range.1, "{scale:?}");
        }
    }

    #[test]
    fn a_sign_turns_every_score_upwards() {
        const SIGNS: [f64; 2] = [Direction::Higher.sign(), Direction::Lower.sign()];
        assert_eq!(SIGNS, [1.0, -1.0]);
    }
}
