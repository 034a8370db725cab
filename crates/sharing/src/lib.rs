//! How tasks share one model: loss weighting.
