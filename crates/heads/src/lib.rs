//! Hidden states in, logits, losses and predictions out.
