//! A strided view of a matrix.

use std::ops::Range;

/// A strided view of a matrix: element (i, j) is `data[i * row_stride + j * col_stride]`.
#[derive(Debug)]
pub struct Mat<'a, T> {
    /// The elements, from element (0, 0) on.
    pub data: &'a [T],
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub cols: usize,
    /// The distance between an element and the one below it.
    pub row_stride: usize,
    /// The distance between an element and the one to its right.
    pub col_stride: usize,
}

impl<T> Clone for Mat<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Mat<'_, T> {}

impl<'a, T> Mat<'a, T> {
    /// Rows that follow one another without gaps.
    ///
    /// # Panics
    /// If `data` does not have exactly `rows * cols` elements.
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} x {cols} matrix cannot view {} elements", data.len());
        Mat { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// Rows that start `row_stride` elements apart, such as a part of the columns of a wider matrix.
    ///
    /// # Panics
    /// If the last element lies beyond `data`.
    #[cfg(test)]
    pub fn with_stride(data: &'a [T], rows: usize, cols: usize, row_stride: usize) -> Self {
        let view = Mat { data, rows, cols, row_stride, col_stride: 1 };
        view.check();
        view
    }

    /// The transpose, without moving anything.
    #[must_use]
    pub fn t(self) -> Self {
        let Mat { data, rows, cols, row_stride, col_stride } = self;
        Mat { data, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
    }

    /// The rows in a range.
    ///
    /// # Panics
    /// If the range ends beyond the rows.
    #[must_use]
    pub fn rows(self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.rows, "rows {range:?} of {}", self.rows);
        let skipped = if range.is_empty() { 0 } else { range.start * self.row_stride };
        Mat { data: &self.data[skipped..], rows: range.len(), ..self }
    }

    /// The element at row `i` and column `j`.
    ///
    /// # Panics
    /// If it lies beyond `data`.
    pub fn at(&self, i: usize, j: usize) -> T
    where
        T: Copy,
    {
        self.data[i * self.row_stride + j * self.col_stride]
    }

    /// Panics if an element lies beyond `data`.
    pub(super) fn check(&self) {
        let Mat { rows, cols, row_stride, col_stride, .. } = *self;
        let needed = needed((rows, row_stride), (cols, col_stride));
        let len = self.data.len();
        assert!(
            needed <= len,
            "a {rows} x {cols} matrix of strides ({row_stride}, {col_stride}) needs {needed} elements, got {len}"
        );
    }
}

/// The elements that a matrix of rows and columns, each with its stride, reaches over.
///
/// # Panics
/// If that is more than there are addresses.
pub(super) fn needed((rows, row_stride): (usize, usize), (cols, col_stride): (usize, usize)) -> usize {
    if rows == 0 || cols == 0 {
        return 0;
    }
    let last = (rows - 1).checked_mul(row_stride).zip((cols - 1).checked_mul(col_stride));
    let needed = last.and_then(|(row, col)| row.checked_add(col)?.checked_add(1));
    needed.expect("a matrix fits the address space")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_rows_of_a_transpose_is_a_range_of_columns() {
        let data = [0, 1, 2, 3, 4, 5, 6, 7];
        let middle = Mat::with_stride(&data, 2, 3, 4).t().rows(1..3);
        assert_eq!((middle.rows, middle.cols), (2, 2));
        assert_eq!([middle.at(0, 0), middle.at(0, 1), middle.at(1, 0), middle.at(1, 1)], [1, 5, 2, 6]);
    }

    #[test]
    #[should_panic(expected = "a matrix fits the address space")]
    fn a_view_whose_size_overflows_is_refused() {
        Mat::with_stride(&[0; 64], 17, 16, (1 << 60) + 128);
    }

    #[test]
    #[should_panic(expected = "needs 8 elements, got 7")]
    fn a_view_beyond_its_data_is_refused() {
        Mat::with_stride(&[0; 7], 2, 3, 5);
    }
}
