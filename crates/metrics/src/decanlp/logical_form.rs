//! Logical-form exact match of WikiSQL: queries that are the same text.
//!
//! A query is compared in lower case, its tokens divided by single spaces. The order of conditions counts, as it does in
//! the paper.
//!
//! Difference from the released `metrics.py`: that reads a query back into column, aggregation and conditions with the
//! help of its table. So it forgives other words where `select` and `from table` stand, and counts a query whose gold it
//! cannot read back (a cell value that is also a column's name, say) as wrong for everybody. Here the text decides, and
//! predictions in upper case are right too.

use crate::check;
use crate::error::MetricError;

/// The share of queries whose text is gold's, in `[0, 1]`, higher is better.
///
/// # Shapes
/// `gold`, `predicted`: (queries,)
///
/// # Errors
/// Errors if the lengths differ or are 0.
pub fn logical_form_exact_match<G: AsRef<str>, P: AsRef<str>>(
    gold: &[G],
    predicted: &[P],
) -> Result<f64, MetricError> {
    check::paired("queries", gold.len(), predicted.len())?;
    let same = |(gold, predicted): &(&G, &P)| {
        let (gold, predicted) = (gold.as_ref().to_lowercase(), predicted.as_ref().to_lowercase());
        gold.split_whitespace().eq(predicted.split_whitespace())
    };
    let correct = gold.iter().zip(predicted).filter(same).count();
    Ok(correct as f64 / gold.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_spaces_do_not_count_and_order_does() {
        let gold = ["SELECT a FROM table WHERE b = 1 AND c = X"; 2];
        let predicted =
            ["select a from  table where b = 1 and c = x ", "select a from table where c = x and b = 1"];
        assert_eq!(logical_form_exact_match(&gold, &predicted), Ok(0.5));
    }

    #[test]
    fn bad_input_is_named() {
        let error = logical_form_exact_match(&["x"], &["x", "y"]).unwrap_err();
        assert_eq!(error.to_string(), "1 gold against 2 predicted queries");
    }
}
