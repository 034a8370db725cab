//! Which instruction set the kernels use.
//!
//! The best path that the processor has is chosen once, at first use. `MTL_ISA=portable|avx2|avx512|avx512bf16`
//! takes a lesser one, for tests and comparisons; a path that the processor lacks is never taken. A program
//! that reads the variable asks [`Isa::asked`] first, since a kernel has nobody to tell of a name that is none.

use std::fmt;
use std::sync::OnceLock;

use crate::error::TensorError;

/// An instruction-set path, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What every processor of the target has.
    Portable,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX-512 F, BW, DQ and VL.
    Avx512,
    /// AVX-512 with the bf16 dot product.
    Avx512Bf16,
}

impl Isa {
    /// Every path, least first.
    pub const ALL: [Isa; 4] = [Isa::Portable, Isa::Avx2, Isa::Avx512, Isa::Avx512Bf16];

    /// The path's name, as `MTL_ISA` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
            Isa::Avx512Bf16 => "avx512bf16",
        }
    }

    /// The path in use: the best that the processor has, or the lesser one that `MTL_ISA` names.
    pub fn current() -> Isa {
        static CURRENT: OnceLock<Isa> = OnceLock::new();
        *CURRENT.get_or_init(|| {
            let best = Isa::detect();
            Isa::asked().ok().flatten().map_or(best, |isa| isa.min(best))
        })
    }

    /// The path that `MTL_ISA` names; `None` if it is unset or empty.
    ///
    /// Errors if it names no path; [`Isa::current`] is then the best one.
    pub fn asked() -> Result<Option<Isa>, TensorError> {
        let Some(name) = std::env::var_os("MTL_ISA").filter(|name| !name.is_empty()) else { return Ok(None) };
        let known = Isa::ALL.into_iter().find(|isa| name == isa.name());
        known.map(Some).ok_or_else(|| TensorError::UnknownIsa { name: name.to_string_lossy().into_owned() })
    }

    /// The best path that this processor has.
    pub fn detect() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            match (avx2, avx512, is_x86_feature_detected!("avx512bf16")) {
                (true, true, true) => Isa::Avx512Bf16,
                (true, true, false) => Isa::Avx512,
                (true, false, _) => Isa::Avx2,
                _ => Isa::Portable,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            Isa::Portable
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Compiles one body for each instruction set and calls the best: loops over slices vectorise to what the
/// processor has. The body must be an `#[inline(always)]` function, without `unsafe` around it.
///
/// `dispatch!(body::<E>(x, y))` runs `body::<E>(x, y)` compiled for [`Isa::current`]. In
/// `dispatch!(WIDE, body::<E, WIDE>(x, y))` the constant says whether that is AVX-512.
///
/// The closures below must stand where they are, as arguments: bound to a name first, their `#[inline(always)]` has no
/// effect, and the body is compiled for the least of processors.
#[macro_export]
#[doc(hidden)]
macro_rules! dispatch {
    ($body:expr) => {
        $crate::dispatch!(_WIDE, $body)
    };
    ($wide:ident, $body:expr) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2<R>(f: impl FnOnce() -> R) -> R {
                f()
            }
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            unsafe fn avx512<R>(f: impl FnOnce() -> R) -> R {
                f()
            }
            match $crate::kernels::isa::Isa::current() {
                $crate::kernels::isa::Isa::Portable => {
                    const $wide: bool = false;
                    $body
                }
                // SAFETY: `Isa::current` never exceeds what the processor was detected to have.
                $crate::kernels::isa::Isa::Avx2 => unsafe {
                    const $wide: bool = false;
                    avx2(
                        #[inline(always)]
                        || $body,
                    )
                },
                // SAFETY: as above.
                _ => unsafe {
                    const $wide: bool = true;
                    avx512(
                        #[inline(always)]
                        || $body,
                    )
                },
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            const $wide: bool = false;
            $body
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_told_whether_it_is_compiled_for_avx512() {
        assert_eq!(dispatch!(WIDE, WIDE), Isa::current() >= Isa::Avx512);
    }
}
