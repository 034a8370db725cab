//! Token ids in, hidden states out; pretrained weights.
