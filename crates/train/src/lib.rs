//! The training session: plan, train, resume, evaluate, predict, compare.

pub mod config;
