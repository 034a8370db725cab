//! The shape language: dfdx's, under one name.
//!
//! A [`Shape`] is a tuple of [`Dim`]s, each known to the compiler ([`Const`]) or at run time (`usize`). The whole
//! public vocabulary of the workspace comes from here, so that no other crate names dfdx.

pub use dfdx::shapes::{Const, ConstDim, ConstShape, Dim, Rank0, Rank1, Rank2, Rank3, Shape};

/// A width that fits where `Expected` is asked for.
///
/// Two widths known to the compiler must be equal, or the program does not compile and the message names both.
/// Widths of run time are compared when the operation runs, and a mismatch is an error with both shapes; so a width
/// known to the compiler also fits where one of run time is asked for.
#[diagnostic::on_unimplemented(
    message = "this operation expects a width of `{Expected}` but its input has a width of `{Self}`",
    label = "the width `{Self}` comes from here",
    note = "make the two sizes equal, or use `usize` for a width known only at run time"
)]
pub trait Fits<Expected: Dim>: Dim {}

impl<D: Dim> Fits<D> for D {}

// With one impl only, the compiler would take the expected width from the input and complain about the layer instead.
impl<const N: usize> Fits<usize> for Const<N> {}

/// The sizes of a shape, for messages.
pub(crate) fn sizes<S: Shape>(shape: &S) -> Vec<usize> {
    shape.concrete().into()
}
