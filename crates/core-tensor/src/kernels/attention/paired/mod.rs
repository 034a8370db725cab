//! Attention in bf16 where the processor has the bf16 dot product.
//!
//! The instruction sums products of *pairs*, two neighbours along the depth of a product, in `f32`. The depth of the
//! seven products is the head's columns, the keys, or the queries; so each operand is held in pairs along the depth of
//! the product that reads it (`panel`), and probabilities and gradients of scores are rounded to bf16 as they are
//! written (`softmax`). Scores, exponentials, sums and what is summed over blocks of queries stay in `f32`.
//!
//! The formulas are those of the module above. Everything here needs AVX-512 F, BW, DQ and VL and its bf16
//! instructions, and is compiled for them; [`Isa::Avx512Bf16`](crate::kernels::isa::Isa) says that they are there.

mod backward;
mod forward;
mod panel;
mod product;
mod softmax;

pub(super) use backward::backward;
pub(super) use forward::forward;
