//! The training session: plan, train, resume, evaluate, predict, compare.
