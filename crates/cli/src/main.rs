//! The `mtl` command.

#[cfg(target_env = "musl")]
mod allocator;

fn main() {}
