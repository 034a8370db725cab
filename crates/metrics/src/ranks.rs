//! Ranks in which equals share the average of the places that they take.

/// The rank of each value, 1 for the smallest; equal values share the average rank (scipy's `rankdata`).
///
/// `[10, 20, 20, 30]` ranks as `[1, 2.5, 2.5, 4]`. Values must not be NaN for the order to mean anything.
///
/// # Shapes
/// `values`: (n,); result: (n,), summing to `n (n + 1) / 2`
pub fn average_ranks(values: &[f64]) -> Vec<f64> {
    let order = ascending(values);
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|(a, _), (b, _)| a == b) {
        let end = start + tied.len();
        // Places start + 1 ..= end.
        let shared = (start + 1 + end) as f64 / 2.0;
        for (_, place) in tied {
            ranks[*place as usize] = shared;
        }
        start = end;
    }
    ranks
}

/// The values' [`order_key`]s from the smallest to the largest, each with its place.
fn ascending(values: &[f64]) -> Vec<(u64, u32)> {
    assert!(u32::try_from(values.len()).is_ok(), "fewer than 2^32 values have ranks");
    let keyed = |(place, &value): (usize, &f64)| (order_key(value), place as u32);
    sorted_by_digits(values.iter().enumerate().map(keyed).collect(), |(key, _)| *key)
}

/// Sorts by a key, from the lowest digit to the highest (radix sort): each pass keeps the order that equals have, so after
/// the last one all digits count. A digit that is the same in all keys is passed over.
pub(crate) fn sorted_by_digits<T: Copy + Default>(mut items: Vec<T>, key: impl Fn(&T) -> u64) -> Vec<T> {
    if items.len() < LEAST {
        items.sort_by_key(key);
        return items;
    }
    let digit = |item: &T, pass: u32| (key(item) >> (pass * BITS)) as usize & (DIGITS - 1);
    let mut counts = vec![[0usize; DIGITS]; PASSES as usize];
    for item in &items {
        for (pass, counts) in counts.iter_mut().enumerate() {
            counts[digit(item, pass as u32)] += 1;
        }
    }
    let mut sorted = vec![T::default(); items.len()];
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

/// Bits of one digit, how many digits there are, and how many a key of 64 bits has: counts of one digit fit the first
/// cache.
const BITS: u32 = 11;
const DIGITS: usize = 1 << BITS;
const PASSES: u32 = u64::BITS.div_ceil(BITS);
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
    fn digits_sort_as_comparisons_do() {
        let special = [0.0, -0.0, 5e-324, -5e-324, f64::MAX, f64::MIN, 1.0];
        let mut state = 1u64;
        let mut value = |i: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            match i % 3 {
                0 => special[(state >> 60) as usize % special.len()],
                1 => ((state >> 40) as f64 - 8e6).powi(3),
                _ => (state >> 56) as f64,
            }
        };
        let values: Vec<f64> = (0..3 * LEAST).map(&mut value).collect();
        let mut expected: Vec<(u64, u32)> =
            values.iter().enumerate().map(|(place, value)| (order_key(*value), place as u32)).collect();
        expected.sort_unstable();
        assert_eq!(ascending(&values), expected);
    }
}
