//! Files to examples to tokens to packs; an embedded synthetic corpus.
