//! Project automation: `cargo xtask <verb>`.

fn main() {}
