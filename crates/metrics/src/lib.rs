//! Scores on plain slices.
