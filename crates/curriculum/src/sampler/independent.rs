//! Independent draws: what the samplers have in common that only say how likely each stream is.

use super::{Draw, Moment, SamplerState, Setup};
use crate::{Draws, Open, Purpose, StreamId};

/// Draws streams by shares or weights, each draw independent of all others.
#[derive(Debug, Clone)]
pub(super) struct Independent {
    per_draw: usize,
    source: Draws,
    draws: u64,
}

impl Independent {
    pub(super) fn new(setup: &Setup<'_>) -> Self {
        let source = Draws::new(setup.seed(), Purpose::Task, &[]);
        Self { per_draw: setup.per_draw(), source, draws: 0 }
    }

    /// Draws stream `s` with probability `shares[s] / sum(shares)` of the open streams; shares are positive.
    pub(super) fn by_shares(&mut self, shares: &[u64], moment: &Moment<'_>) -> Draw {
        let total = moment.open.iter().map(|stream| shares[stream.0]).sum();
        let mut point = self.source.below(self.draws, total);
        let falls_on = |stream: &StreamId| match point.checked_sub(shares[stream.0]) {
            Some(rest) => {
                point = rest;
                false
            }
            None => true,
        };
        let stream = moment.open.iter().find(falls_on);
        self.next(stream.expect("the point lies below the sum of the shares"))
    }

    /// Draws a stream with these probabilities.
    pub(super) fn by_probabilities(&mut self, probabilities: &[f64]) -> Draw {
        let mut point = self.source.unit(self.draws);
        let likely = || probabilities.iter().enumerate().filter(|(_, probability)| **probability > 0.0);
        let falls_on = |(_, probability): &(usize, &f64)| {
            let falls = point < **probability;
            point -= **probability;
            falls
        };
        // Rounding may leave the point beyond the last.
        let stream = likely().find(falls_on).or_else(|| likely().next_back());
        self.next(StreamId(stream.expect("probabilities sum to one").0))
    }

    fn next(&mut self, stream: StreamId) -> Draw {
        self.draws += 1;
        Draw { stream, count: self.per_draw }
    }

    pub(super) fn state(&self) -> SamplerState {
        SamplerState::of_draws(self.draws)
    }

    pub(super) fn restore(&mut self, state: &SamplerState) {
        self.draws = state.draws;
    }
}

/// Weights of at least 0 as probabilities of the open streams; where all of those weigh nothing, each is as likely as
/// any other.
pub(super) fn normalised(weights: &[f64], open: &Open) -> Vec<f64> {
    let total: f64 = open.iter().map(|stream| weights[stream.0]).sum();
    let mut probabilities = vec![0.0; weights.len()];
    for stream in open.iter() {
        let share = if total > 0.0 { weights[stream.0] / total } else { 1.0 / open.count() as f64 };
        probabilities[stream.0] = share;
    }
    probabilities
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StreamInfo;

    /// How version 0.1 drew, so that its runs continue to the same bits.
    #[test]
    fn draws_by_shares_are_those_of_running_sums() {
        let sizes = [5749, 10_000, 1, 3394];
        let (streams, horizon) =
            (StreamInfo::one_per_task(&sizes), crate::Horizon { steps: 1, per_epoch: 1 });
        let mut draws = Independent::new(&Setup::new(7, 2, &streams, horizon).unwrap());
        let (source, upper) = (Draws::new(7, Purpose::Task, &[]), [5749, 15_749, 15_750, 19_144]);
        let moment = Moment { step: 0, open: &Open::all(4) };
        for index in 0..1000 {
            let point = source.below(index, 19_144);
            let expected = StreamId(upper.partition_point(|&upper| upper <= point));
            assert_eq!(draws.by_shares(&[5749, 10_000, 1, 3394], &moment).stream, expected);
        }
    }

    #[test]
    fn what_is_not_open_has_no_share() {
        let streams = StreamInfo::one_per_task(&[1, 2, 5]);
        let open = Open::those(&streams, |stream| stream.size != 2);
        assert_eq!(normalised(&[1.0, 9.0, 3.0], &open), [0.25, 0.0, 0.75]);
        assert_eq!(normalised(&[0.0, 9.0, 0.0], &open), [0.5, 0.0, 0.5]);
    }
}
