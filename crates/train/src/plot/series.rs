//! A line of a panel: its points, smoothed and thinned.

use std::ops::RangeInclusive;

/// A line of more points than this is thinned to fewer.
const MOST_POINTS: usize = 600;
/// The mean that smooths a line runs over this share of its points.
const WINDOW: usize = 20;

/// A named line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// What the legend says.
    pub(crate) name: String,
    /// Chooses the colour and the dashes; equal numbers look equal.
    pub(crate) look: usize,
    /// The points, ascending in x.
    pub(crate) points: Vec<(f64, f64)>,
}

impl Series {
    /// The smallest and the largest y.
    pub(crate) fn range(&self) -> Option<RangeInclusive<f64>> {
        let values = || self.points.iter().map(|point| point.1);
        Some(values().min_by(f64::total_cmp)?..=values().max_by(f64::total_cmp)?)
    }

    /// The points to draw as they are: of many, the lowest and the highest of each bundle of neighbours.
    pub(crate) fn drawn(&self) -> Vec<(f64, f64)> {
        if self.points.len() <= MOST_POINTS {
            return self.points.clone();
        }
        let bundle = (2 * self.points.len()).div_ceil(MOST_POINTS);
        let ends = |points: &[(f64, f64)]| {
            let low = points.iter().min_by(|a, b| a.1.total_cmp(&b.1)).copied();
            let high = points.iter().max_by(|a, b| a.1.total_cmp(&b.1)).copied();
            let mut ends: Vec<(f64, f64)> = low.into_iter().chain(high).collect();
            ends.sort_by(|a, b| a.0.total_cmp(&b.0));
            ends
        };
        self.points.chunks(bundle).flat_map(ends).collect()
    }

    /// The line of means: each point's over a window of a twentieth of the points with it in the middle, narrower at
    /// the ends. Of many points, every k-th and the last.
    pub(crate) fn smooth(&self) -> Vec<(f64, f64)> {
        let n_points = self.points.len();
        let radius = n_points / (2 * WINDOW);
        let mut sums = vec![0.0];
        for (_, value) in &self.points {
            sums.push(sums[sums.len() - 1] + value);
        }
        let mean = |at: usize| {
            let radius = radius.min(at).min(n_points - 1 - at);
            let (first, last) = (at - radius, at + radius + 1);
            if radius == 0 { self.points[at].1 } else { (sums[last] - sums[first]) / (last - first) as f64 }
        };
        let every = n_points.div_ceil(MOST_POINTS).max(1);
        let places = (0..n_points).filter(|at| at % every == 0 || at + 1 == n_points);
        places.map(|at| (self.points[at].0, mean(at))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: impl Iterator<Item = f64>) -> Series {
        let points = values.enumerate().map(|(at, value)| (at as f64, value)).collect();
        Series { name: "a".into(), look: 0, points }
    }

    #[test]
    fn few_points_are_drawn_as_they_are() {
        let few = series([3.0, 1.0, 2.0].into_iter());
        assert_eq!(few.range(), Some(1.0..=3.0));
        assert_eq!((few.drawn(), few.smooth()), (few.points.clone(), few.points.clone()));
        let none = series(std::iter::empty());
        assert_eq!((none.range(), none.drawn().len(), none.smooth().len()), (None, 0, 0));
    }

    #[test]
    fn the_mean_runs_over_neighbours() {
        let zigzag = series((0..80).map(|at| f64::from(at % 2)));
        let smooth = zigzag.smooth();
        assert_eq!((smooth[0], smooth[79]), ((0.0, 0.0), (79.0, 1.0)));
        assert_eq!(smooth[40], (40.0, 0.4), "two ones among five");
    }

    #[test]
    fn many_points_are_thinned_and_keep_their_extremes() {
        let many = series((0..100_000).map(|at| if at == 77_777 { 9.0 } else { f64::from(at % 7) }));
        let (drawn, smooth) = (many.drawn(), many.smooth());
        assert!(drawn.len() <= MOST_POINTS + 2 && smooth.len() <= MOST_POINTS + 2);
        assert!(drawn.contains(&(77_777.0, 9.0)) && drawn.is_sorted_by(|a, b| a.0 <= b.0));
        assert_eq!(smooth[smooth.len() - 1].0, 99_999.0);
    }
}
