//! Numbers as people read them.

/// A count with its thousands apart: 12345 is `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time: `4.2 s`, `2 min 05 s`, `3 h 20 min`.
pub fn seconds(seconds: f64) -> String {
    // Rounded first, so that 59.97 is not `60.0 s`.
    let tenths = (seconds * 10.0).round() / 10.0;
    let whole = seconds.round().max(0.0) as u64;
    match whole {
        _ if tenths < 60.0 => format!("{tenths:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A score to four digits.
pub fn score(score: f64) -> String {
    format!("{score:.4}")
}

/// A number of any size to four digits after the point, or by powers of ten: `0.1234`, `1.235e-5`.
pub fn value(value: f64) -> String {
    let plain = value == 0.0 || (1e-3..1e6).contains(&value.abs());
    if plain { format!("{value:.4}") } else { format!("{value:.3e}") }
}

/// A score with its standard deviation, where there is one.
pub fn spread(mean: f64, sd: Option<f64>) -> String {
    sd.map_or_else(|| score(mean), |sd| format!("{mean:.4} ± {sd:.4}"))
}

/// A share as a signed percentage: 0.123 is `+12.3 %`.
pub fn gain(share: f64) -> String {
    format!("{:+.1} %", 100.0 * share)
}

/// A share as a whole percentage: 0.623 is `62 %`.
pub fn share(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// One thing or several: `1 seed`, `3 seeds`.
pub fn several(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 1234567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_value_of_any_size_is_short() {
        let texts = [0.0, 0.12345, -12.5, 1.2346e-5, 3e7].map(value);
        assert_eq!(texts, ["0.0000", "0.1235", "-12.5000", "1.235e-5", "3.000e7"]);
    }

    #[test]
    fn a_time_has_the_units_of_its_size() {
        let texts = [0.04, 59.94, 59.97, 125.0, 3599.6, 12000.0].map(seconds);
        assert_eq!(texts, ["0.0 s", "59.9 s", "1 min 00 s", "2 min 05 s", "1 h 00 min", "3 h 20 min"]);
    }

    #[test]
    fn one_seed_has_no_spread() {
        assert_eq!(spread(0.5, None), "0.5000");
        assert_eq!(spread(0.5, Some(0.01)), "0.5000 ± 0.0100");
        assert_eq!((gain(0.1234), share(0.623)), ("+12.3 %".into(), "62 %".into()));
        assert_eq!((several(1, "seed"), several(2, "seed")), ("1 seed".into(), "2 seeds".into()));
    }
}
