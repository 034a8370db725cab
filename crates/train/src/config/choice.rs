//! Enumerations with names: the values that a key can take.

use mtl_curriculum::Unit;
use mtl_sharing::{GradientKind, WeightingKind};

/// A value with a name in the file.
pub(super) trait Choice: Copy + 'static {
    /// Every value, in the order in which an error lists them.
    const CHOICES: &'static [Self];

    /// The name in the file.
    fn choice_name(self) -> &'static str;
}

/// Defines an enumeration whose values have names.
macro_rules! choices {
    (
        $(#[$about:meta])*
        $kind:ident { $($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)? }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
        #[non_exhaustive]
        pub enum $kind {
            $($(#[$doc])* #[serde(rename = $name)] $variant),+
        }

        impl $kind {
            /// Every value.
            pub const ALL: &'static [$kind] = &[$($kind::$variant),+];

            /// The name in the file.
            pub fn name(self) -> &'static str {
                match self {
                    $($kind::$variant => $name),+
                }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        $crate::config::choice::choose!($kind);
    };
}

/// Lets a key take the values of an enumeration that has `ALL` and `name`.
macro_rules! choose {
    ($($kind:ident),+) => {
        $(impl $crate::config::choice::Choice for $kind {
            const CHOICES: &'static [Self] = Self::ALL;

            fn choice_name(self) -> &'static str {
                self.name()
            }
        })+
    };
}

pub(super) use {choices, choose};

choose!(GradientKind, Unit, WeightingKind);
