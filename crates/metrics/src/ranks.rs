//! Ranks in which equals share the average of the places that they take.

/// The rank of each value, 1 for the smallest; equal values share the average rank (scipy's `rankdata`).
///
/// `[10, 20, 20, 30]` ranks as `[1, 2.5, 2.5, 4]`. Values must not be NaN for the order to mean anything.
///
/// # Shapes
/// `values`: (n,); result: (n,), summing to `n (n + 1) / 2`
pub fn average_ranks(values: &[f64]) -> Vec<f64> {
    let mut order = nearly_ascending(values);
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for alike in order.chunk_by_mut(|a, b| a >> 32 == b >> 32) {
        if let [packed] = alike {
            ranks[place(*packed)] = (before + 1) as f64;
        } else {
            rank_alike(values, alike, before, &mut ranks);
        }
        before += alike.len();
    }
    ranks
}

/// The places of the values, each in the lower half of a number, from the smallest value to the largest as far as the
/// upper half tells.
///
/// That half holds the highest 32 bits in which the values' [`order_key`]s differ: few that are not equal agree in it.
/// Sorting it alone moves half the memory, in half the passes.
fn nearly_ascending(values: &[f64]) -> Vec<u64> {
    assert!(u32::try_from(values.len()).is_ok(), "fewer than 2^32 values have ranks");
    let (least, most) = values.iter().fold((u64::MAX, 0), |(least, most), &value| {
        let key = order_key(value);
        (least.min(key), most.max(key))
    });
    let below = u32::BITS.saturating_sub(most.wrapping_sub(least).leading_zeros());
    let pack = |(place, &value): (usize, &f64)| (order_key(value) - least) >> below << 32 | place as u64;
    sorted_by_digits(values.iter().enumerate().map(pack).collect(), u32::BITS, |packed| packed >> 32)
}

/// Ranks values whose upper halves agree, after so many smaller ones.
fn rank_alike(values: &[f64], alike: &mut [u64], before: usize, ranks: &mut [f64]) {
    alike.sort_unstable_by_key(|&packed| order_key(values[place(packed)]));
    let mut start = before;
    for tied in alike.chunk_by(|&a, &b| values[place(a)] == values[place(b)]) {
        let end = start + tied.len();
        // Places start + 1 ..= end.
        let shared = (start + 1 + end) as f64 / 2.0;
        tied.iter().for_each(|&packed| ranks[place(packed)] = shared);
        start = end;
    }
}

fn place(packed: u64) -> usize {
    (packed & u64::from(u32::MAX)) as usize
}

/// Sorts by a key of so many bits, from the lowest digit to the highest (radix sort): each pass keeps the order that equals
/// have, so after the last one all digits count. A digit that is the same in all keys is passed over.
pub(crate) fn sorted_by_digits(mut items: Vec<u64>, bits: u32, key: impl Fn(&u64) -> u64) -> Vec<u64> {
    if items.len() < LEAST {
        items.sort_by_key(key);
        return items;
    }
    let digit = |item: &u64, pass: u32| (key(item) >> (pass * BITS)) as usize & (DIGITS - 1);
    let mut counts = vec![[0usize; DIGITS]; bits.div_ceil(BITS) as usize];
    for item in &items {
        for (pass, counts) in counts.iter_mut().enumerate() {
            counts[digit(item, pass as u32)] += 1;
        }
    }
    let mut sorted = vec![0; items.len()];
    for (pass, counts) in counts.iter_mut().enumerate() {
        if counts.contains(&items.len()) {
            continue;
        }
        let mut start = 0;
        for count in counts.iter_mut() {
            start += std::mem::replace(count, start);
        }
        for item in &items {
            let next = &mut counts[digit(item, pass as u32)];
            sorted[*next] = *item;
            *next += 1;
        }
        std::mem::swap(&mut items, &mut sorted);
    }
    items
}

/// Bits of one digit, and how many digits there are: as many places are written to in turns, and their lines of cache, and
/// most of their pages, must stay at hand. Of 8 and 11 bits, 8 took less time in all.
const BITS: u32 = 8;
const DIGITS: usize = 1 << BITS;
/// Fewer items than this are sorted by comparisons: a pass over the counts would cost more.
const LEAST: usize = 2048;

/// An integer that orders as the finite number does; the two zeros are equal.
///
/// The bits of a positive float grow with it. Setting the sign bit puts them above those of the negative ones, whose
/// order turns round when all bits are flipped.
pub(crate) fn order_key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    let flip = if bits >> 63 == 1 { u64::MAX } else { 1 << 63 };
    bits ^ flip
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share() {
        let ranks = average_ranks(&[20.0, 10.0, 30.0, 20.0]);
        assert_eq!(ranks, [2.5, 1.0, 4.0, 2.5]);
        assert_eq!(average_ranks(&[-0.0, 0.0]), [1.5, 1.5]);
        assert!(average_ranks(&[]).is_empty());
        // These differ in the last bit.
        let next = 1.0_f64.next_up();
        assert_eq!(average_ranks(&[next, 1.0, -next, -1.0, next]), [4.5, 3.0, 1.0, 2.0, 4.5]);
    }

    #[test]
    fn many_values_rank_as_by_comparisons() {
        let special = [0.0, -0.0, 5e-324, -5e-324, f64::MAX, f64::MIN, 1.0];
        let mut state = 1u64;
        let mut value = |i: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            match i % 4 {
                0 => special[(state >> 60) as usize % special.len()],
                1 => ((state >> 40) as f64 - 8e6).powi(3),
                // These differ in the last bits alone.
                2 => f64::from_bits(1.0_f64.to_bits() + (state >> 54)),
                _ => (state >> 56) as f64,
            }
        };
        let mixed: Vec<f64> = (0..4 * LEAST).map(&mut value).collect();
        let near: Vec<f64> = (0..2 * LEAST).map(|_| value(2)).collect();
        for values in [mixed, near, vec![-3.0; 2 * LEAST]] {
            assert_eq!(average_ranks(&values), by_comparisons(&values));
        }
    }

    /// Each value's rank from the values before it in order and those equal to it.
    fn by_comparisons(values: &[f64]) -> Vec<f64> {
        let mut sorted = values.to_vec();
        sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let rank = |value: &f64| {
            let before = sorted.partition_point(|other| other < value);
            let until = sorted.partition_point(|other| other <= value);
            (before + 1 + until) as f64 / 2.0
        };
        values.iter().map(rank).collect()
    }
}
