//! Learning-rate schedules with warm-up.

/// How the learning rate goes after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleShape {
    /// It stays.
    Constant,
    /// It falls to zero on a straight line.
    Linear,
    /// It falls to zero on half a cosine (Loshchilov and Hutter 2017).
    Cosine,
}

/// A schedule over a known number of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How it goes after warm-up.
    pub shape: ScheduleShape,
    /// Steps over which the rate rises from zero.
    pub warmup: u64,
    /// All steps.
    pub total: u64,
}

impl Schedule {
    /// The share of the peak rate at a step, counted from 0. As in transformers' schedules, the first step of a
    /// warm-up has rate 0.
    pub fn factor(&self, step: u64) -> f64 {
        if step < self.warmup {
            return step as f64 / self.warmup as f64;
        }
        let span = (self.total.saturating_sub(self.warmup)).max(1) as f64;
        let done = ((step - self.warmup) as f64 / span).min(1.0);
        match self.shape {
            ScheduleShape::Constant => 1.0,
            ScheduleShape::Linear => 1.0 - done,
            ScheduleShape::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * done).cos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_those_of_transformers() {
        let factors = |shape, steps: &[u64]| -> Vec<f64> {
            let schedule = Schedule { shape, warmup: 2, total: 10 };
            steps.iter().map(|&step| schedule.factor(step)).collect()
        };
        assert_eq!(factors(ScheduleShape::Linear, &[0, 1, 2, 6, 10, 12]), [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]);
        assert_eq!(factors(ScheduleShape::Constant, &[1, 2, 9]), [0.5, 1.0, 1.0]);
        let cosine = factors(ScheduleShape::Cosine, &[2, 6, 10]);
        assert!((cosine[0] - 1.0).abs() + (cosine[1] - 0.5).abs() + cosine[2].abs() < 1e-15);
    }
}
