//! The `mtl` command.

fn main() {}
