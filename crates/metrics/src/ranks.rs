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
    for tied in order.chunk_by(|&a, &b| values[place(a)] == values[place(b)]) {
        let end = start + tied.len();
        // Places start + 1 ..= end.
        let shared = (start + 1 + end) as f64 / 2.0;
        for &packed in tied {
            ranks[place(packed)] = shared;
        }
        start = end;
    }
    ranks
}

/// The places of the values from the smallest to the largest, each in the lower half of a number.
///
/// Sorting whole numbers is several times faster than sorting places by the values there. So the upper half of a value's
/// [`order_key`] is sorted together with its place, and then the few that agree in the upper half among themselves.
fn ascending(values: &[f64]) -> Vec<u64> {
    assert!(u32::try_from(values.len()).is_ok(), "fewer than 2^32 values have ranks");
    let pack = |(place, &value): (usize, &f64)| (order_key(value) >> 32 << 32) | place as u64;
    let mut order: Vec<u64> = values.iter().enumerate().map(pack).collect();
    order.sort_unstable();
    for alike in order.chunk_by_mut(|a, b| a >> 32 == b >> 32).filter(|alike| alike.len() > 1) {
        alike.sort_unstable_by_key(|&packed| order_key(values[place(packed)]));
    }
    order
}

fn place(packed: u64) -> usize {
    (packed & u64::from(u32::MAX)) as usize
}

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
        // These agree in the upper half of their bits.
        let next = 1.0_f64.next_up();
        assert_eq!(average_ranks(&[next, 1.0, -next, -1.0, next]), [4.5, 3.0, 1.0, 2.0, 4.5]);
    }
}
