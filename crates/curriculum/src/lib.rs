//! What to train when: samplers over tasks.
