//! Names of registry entries: one macro, so that a name is written once.

/// Gives an enumeration its names: `ALL`, `name`, `Display`, `FromStr` and serde by name.
macro_rules! named {
    ($kind:ident, $what:literal, $($variant:ident => $name:literal),+ $(,)?) => {
        impl $kind {
            /// Every entry, in the order of the documentation.
            pub const ALL: &'static [$kind] = &[$($kind::$variant),+];

            /// The name that a configuration file uses.
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

        impl std::str::FromStr for $kind {
            type Err = $crate::CurriculumError;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|entry| entry.name() == name).ok_or_else(|| {
                    $crate::CurriculumError::UnknownName {
                        what: $what,
                        name: name.to_owned(),
                        expected: Self::ALL.iter().map(|entry| entry.name()).collect(),
                    }
                })
            }
        }

        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                name.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use named;
