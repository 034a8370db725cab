//! What a tensor can hold, and in which type its arithmetic runs.
//!
//! A [`Float`] is stored; its [`Float::Master`] computes. `f32` and `f64` compute in themselves, [`bf16`] in
//! `f32`: parameters, sums, statistics and gradients of parameters are of the master type.

use bytemuck::Pod;
pub use half::bf16;
use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// The name of an element type, as safetensors and messages spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DType {
    /// 16-bit brain float: 8 bits of exponent, 7 of fraction.
    Bf16,
    /// 32-bit IEEE float.
    F32,
    /// 64-bit IEEE float.
    F64,
    /// 32-bit unsigned integer, for ids and indices.
    U32,
    /// 64-bit signed integer.
    I64,
}

impl Display for DType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            DType::Bf16 => "bf16",
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::U32 => "u32",
            DType::I64 => "i64",
        })
    }
}

/// A type that a tensor can store. Sealed: devices know each by its [`DType`].
pub trait Element: Pod + Default + Debug + PartialEq + Send + Sync + sealed::Sealed {
    /// The name of this type.
    const DTYPE: DType;
}

/// A stored floating-point type.
pub trait Float: Element + PartialOrd {
    /// The type in which this one's arithmetic, parameters and reductions live.
    type Master: Real;
    /// This value in the computing type, exactly.
    fn widen(self) -> Self::Master;
    /// The nearest stored value (ties to even).
    fn narrow(value: Self::Master) -> Self;
    /// The nearest stored value of a double.
    #[inline(always)]
    fn of(value: f64) -> Self {
        Self::narrow(Self::Master::from_f64(value))
    }
    /// This value as a double, exactly.
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self.widen().as_f64()
    }
}

/// A type that computes: `f32` or `f64`. The functions are branch-free where loops over them should vectorise.
pub trait Real:
    Float<Master = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Display
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Minus infinity.
    const NEG_INFINITY: Self;
    /// The nearest value to a double.
    fn from_f64(value: f64) -> Self;
    /// This value as a double, exactly.
    fn as_f64(self) -> f64;
    /// `e^self`. `f32`: within 2 units in the last place, branch-free.
    fn exp(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The hyperbolic tangent. `f32`: branch-free, absolute error at most 2e-7.
    fn tanh(self) -> Self;
    /// The error function. `f32`: branch-free, absolute error at most 2e-7; `f64`: 1e-15.
    fn erf(self) -> Self;
    /// The standard normal distribution: the probability of less than `self`, and the density. `f32`: branch-free,
    /// absolute error of the probability at most 4e-7; `f64`: 1e-15.
    fn normal(self) -> (Self, Self);
    /// The absolute value.
    fn abs(self) -> Self;
    /// The larger of two values.
    fn max(self, other: Self) -> Self;
    /// The smaller of two values.
    fn min(self, other: Self) -> Self;
    /// Whether the value is neither infinite nor NaN.
    fn is_finite(self) -> bool;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for half::bf16 {}
    impl Sealed for u32 {}
    impl Sealed for i64 {}
}

macro_rules! element {
    ($($type:ty => $dtype:ident),*) => {$(
        impl Element for $type {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}
element!(f32 => F32, f64 => F64, bf16 => Bf16, u32 => U32, i64 => I64);

impl Float for f32 {
    type Master = f32;
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
    #[inline(always)]
    fn narrow(value: f32) -> f32 {
        value
    }
}

impl Float for f64 {
    type Master = f64;
    #[inline(always)]
    fn widen(self) -> f64 {
        self
    }
    #[inline(always)]
    fn narrow(value: f64) -> f64 {
        value
    }
}

impl Float for bf16 {
    type Master = f32;
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
    /// Round to nearest, ties to even, on the bits: add half of the dropped part, less one if the kept part is
    /// even. A NaN stays one, because its payload is forced non-zero.
    #[inline(always)]
    fn narrow(value: f32) -> bf16 {
        let bits = value.to_bits();
        let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
        let quiet = (bits >> 16) | 0x40;
        bf16::from_bits(if value.is_nan() { quiet as u16 } else { rounded as u16 })
    }
}

macro_rules! plain_real {
    ($type:ident) => {
        const ZERO: $type = 0.0;
        const ONE: $type = 1.0;
        const NEG_INFINITY: $type = $type::NEG_INFINITY;
        #[inline(always)]
        fn from_f64(value: f64) -> $type {
            value as $type
        }
        #[inline(always)]
        fn as_f64(self) -> f64 {
            f64::from(self)
        }
        #[inline(always)]
        fn ln(self) -> $type {
            $type::ln(self)
        }
        #[inline(always)]
        fn sqrt(self) -> $type {
            $type::sqrt(self)
        }
        #[inline(always)]
        fn abs(self) -> $type {
            $type::abs(self)
        }
        #[inline(always)]
        fn max(self, other: $type) -> $type {
            if self > other { self } else { other }
        }
        #[inline(always)]
        fn min(self, other: $type) -> $type {
            if self < other { self } else { other }
        }
        #[inline(always)]
        fn is_finite(self) -> bool {
            $type::is_finite(self)
        }
    };
}

impl Real for f32 {
    plain_real!(f32);
    #[inline(always)]
    fn exp(self) -> f32 {
        crate::special::exp(self)
    }
    #[inline(always)]
    fn tanh(self) -> f32 {
        crate::special::tanh(self)
    }
    #[inline(always)]
    fn erf(self) -> f32 {
        crate::special::erf(self)
    }
    #[inline(always)]
    fn normal(self) -> (f32, f32) {
        crate::special::normal(self)
    }
}

impl Real for f64 {
    plain_real!(f64);
    #[inline(always)]
    fn exp(self) -> f64 {
        f64::exp(self)
    }
    #[inline(always)]
    fn tanh(self) -> f64 {
        f64::tanh(self)
    }
    #[inline(always)]
    fn erf(self) -> f64 {
        crate::special::erf_f64(self)
    }
    #[inline(always)]
    fn normal(self) -> (f64, f64) {
        let density = (-0.5 * self * self).exp() / (2.0 * std::f64::consts::PI).sqrt();
        (0.5 * (1.0 + crate::special::erf_f64(self * std::f64::consts::FRAC_1_SQRT_2)), density)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bf16_rounds_to_nearest_even_as_half_does() {
        for bits in (0..=u32::MAX).step_by(65_521) {
            let value = f32::from_bits(bits);
            let (ours, theirs) = (bf16::narrow(value), bf16::from_f32(value));
            assert!(ours == theirs || (value.is_nan() && ours.is_nan()), "{value}: {ours} {theirs}");
        }
    }
}
