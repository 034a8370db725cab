//! An axis: what it spans, and where its round numbers stand.

/// About how many ticks an axis has.
const TICKS: f64 = 5.0;
/// Values of one sign whose ratio is above this are drawn by their logarithms, where that is allowed.
const WIDE: f64 = 50.0;
/// No difference below this is drawn.
const TINY: f64 = 1e-200;

/// An axis from its first tick to its last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    /// The round numbers, ascending, and how they are written.
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis of equal steps that holds both values.
    pub(crate) fn linear(low: f64, high: f64) -> Axis {
        Axis::spanning(low, high, TICKS)
    }

    /// An axis of about so many equal steps that holds both values.
    pub(crate) fn spanning(low: f64, high: f64, ticks: f64) -> Axis {
        let (low, high) = if high - low > TINY.max(1e-9 * high.abs().max(low.abs())) {
            (low, high)
        } else {
            let pad = if low.abs() > TINY { low.abs() / 2.0 } else { 1.0 };
            (low - pad, high + pad)
        };
        let step = round_step((high - low) / ticks);
        let first = (low / step + 1e-9).floor() as i64;
        let last = (high / step - 1e-9).ceil() as i64;
        let largest = step * first.abs().max(last.abs()) as f64;
        let ticks =
            (first..=last).map(|number| (number as f64 * step, written(number as f64 * step, step, largest)));
        Axis {
            low: first as f64 * step,
            high: last as f64 * step,
            logarithmic: false,
            ticks: ticks.collect(),
        }
    }

    /// An axis for positive values that are far apart, by logarithms; otherwise of equal steps.
    pub(crate) fn fitting(low: f64, high: f64) -> Axis {
        if !(low > TINY && high / low > WIDE) {
            return Axis::linear(low, high);
        }
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let every = ((last - first) as usize).div_ceil(TICKS as usize + 1).max(1);
        let ticks = (first..=last).step_by(every).map(|power| {
            let value = 10f64.powi(power);
            (value, written(value, value, value))
        });
        Axis { low: 10f64.powi(first), high: 10f64.powi(last), logarithmic: true, ticks: ticks.collect() }
    }

    /// Where a value lies: 0 at the first tick, 1 at the last.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let scaled = |value: f64| if self.logarithmic { value.log10() } else { value };
        (scaled(value) - scaled(self.low)) / (scaled(self.high) - scaled(self.low))
    }

    /// Whether a value lies on the axis, within a rounding error.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.place(value))
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// A tick with as many decimals as its step has; very large and very small ones by powers of ten.
fn written(value: f64, step: f64, largest: f64) -> String {
    let power = |value: f64| (value.log10() + 1e-9).floor() as i32;
    if value == 0.0 {
        "0".to_owned()
    } else if power(step) < -4 || power(largest) > 6 {
        let digits = (power(largest) - power(step)).clamp(0, 15) as usize;
        let text = format!("{value:.digits$e}");
        let (digits, power) = text.split_once('e').expect("written with a power");
        let digits =
            if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
        format!("{digits}e{power}")
    } else {
        format!("{value:.*}", (-power(step)).max(0) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_hold_both_ends() {
        assert_eq!(texts(&Axis::linear(0.13, 0.94)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&Axis::linear(1.0, 300.0)), ["0", "100", "200", "300"]);
        assert_eq!(texts(&Axis::linear(-1e-6, 2e-6)), ["-1e-6", "0", "1e-6", "2e-6"]);
        assert_eq!(texts(&Axis::linear(0.0, 3e7)), ["0", "1e7", "2e7", "3e7"]);
        assert_eq!(texts(&Axis::fitting(0.02, 30.0)), ["0.01", "0.1", "1", "10", "100"]);
    }

    #[test]
    fn one_value_stands_in_the_middle() {
        for value in [1.0, -3.0, 0.0, 1e-300, 1e9] {
            assert!((Axis::fitting(value, value).place(value) - 0.5).abs() < 0.2, "{value}");
        }
    }

    #[test]
    fn every_value_between_the_ends_is_held() {
        for (low, high) in [(0.0, 1.0), (-0.31, 0.02), (1e-5, 7e4), (3.0, 3.0000001), (999.0, 100001.0)] {
            let axis = Axis::fitting(low, high);
            assert!(axis.holds(low) && axis.holds(high) && axis.ticks.len() >= 2, "{axis:?}");
            assert!(axis.ticks.len() <= 9, "{axis:?}");
        }
    }
}
