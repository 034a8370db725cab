//! The combinings by name.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use mtl_base::Method;
use serde::{Deserialize, Serialize};

use super::key::Values;
#[cfg(doc)]
use super::{
    AlignedMtl, CaGrad, ConFig, DualProjection, FairGrad, GradDrop, GradVac, ImtlG, Mgda, MgdaUb, NashMtl,
    PcGrad, SdmGrad, Sum, UpGrad,
};
use super::{GradientCombining, Key, KeyValue, Needs};
use crate::SharingError;

/// How a combining is built.
pub(super) struct Build {
    /// What a training loop has to show it.
    pub(super) needs: Needs,
    /// The combining of a number of tasks, with a seed for the methods that draw, and its settings.
    pub(super) make: fn(usize, u64, &Values<'_>) -> Result<Box<dyn GradientCombining>, SharingError>,
}

/// Writes the kinds and their tables from one list: a kind, and the file that has its `METHOD` and `BUILD`.
macro_rules! combinings {
    ($($(#[$about:meta])* $kind:ident = $file:ident;)+) => {
        /// The gradient combinings, by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum GradientKind {
            $($(#[$about])* $kind,)+
        }

        /// What is fixed about each gradient combining, in the order of the documentation.
        pub const METHODS: &[Method] = &[$(super::$file::METHOD),+];

        /// How they are built, in the same order.
        static BUILDS: &[Build] = &[$(super::$file::BUILD),+];

        impl GradientKind {
            /// Every entry, in the order of the documentation.
            pub const ALL: &'static [GradientKind] = &[$(GradientKind::$kind),+];
        }
    };
}

combinings! {
    /// [`Sum`], `"sum"`.
    Sum = sum;
    /// [`Mgda`], `"mgda"`.
    Mgda = mgda;
    /// [`MgdaUb`], `"mgda-ub"`.
    MgdaUb = mgda_ub;
    /// [`PcGrad`], `"pcgrad"`.
    #[serde(rename = "pcgrad")]
    PcGrad = pcgrad;
    /// [`GradVac`], `"grad-vac"`.
    GradVac = grad_vac;
    /// [`GradDrop`], `"grad-drop"`.
    GradDrop = grad_drop;
    /// [`CaGrad`], `"cagrad"`.
    #[serde(rename = "cagrad")]
    CaGrad = cagrad;
    /// [`ImtlG`], `"imtl-g"`.
    ImtlG = imtl_g;
    /// [`NashMtl`], `"nash-mtl"`.
    NashMtl = nash_mtl;
    /// [`AlignedMtl`], `"aligned-mtl"`.
    AlignedMtl = aligned_mtl;
    /// [`FairGrad`], `"fairgrad"`.
    #[serde(rename = "fairgrad")]
    FairGrad = fair_grad;
    /// [`ConFig`], `"config"`.
    #[serde(rename = "config")]
    ConFig = config;
    /// [`DualProjection`], `"dual-projection"`.
    DualProjection = dual_projection;
    /// [`UpGrad`], `"upgrad"`.
    #[serde(rename = "upgrad")]
    UpGrad = up_grad;
    /// [`SdmGrad`], `"sdmgrad"`.
    #[serde(rename = "sdmgrad")]
    SdmGrad = sdm_grad;
}

/// The keys of each method as this crate words them, in the order of [`METHODS`].
static KEYS: LazyLock<Vec<Vec<Key>>> =
    LazyLock::new(|| METHODS.iter().map(|method| method.keys.iter().map(Key::of).collect()).collect());

impl GradientKind {
    /// What is fixed about it.
    pub fn method(self) -> &'static Method {
        &METHODS[self as usize]
    }

    /// The name that a configuration file uses.
    pub fn name(self) -> &'static str {
        self.method().name
    }

    /// What it is called in full.
    pub fn title(self) -> &'static str {
        self.method().title
    }

    /// Who published it; empty for the plain sum.
    pub fn paper(self) -> &'static str {
        self.method().paper
    }

    /// The file in this crate's `src/gradient`.
    pub fn file(self) -> &'static str {
        crate::registry::file_name(self.method())
    }

    /// What a training loop has to show it.
    pub fn needs(self) -> Needs {
        BUILDS[self as usize].needs
    }

    /// The keys that it reads.
    pub fn keys(self) -> &'static [Key] {
        &KEYS[self as usize]
    }

    /// Makes the combining of `n_tasks` tasks. Keys that are not given have their defaults; `seed` is for the methods
    /// that draw.
    ///
    /// Errors if there is no task, if a key is unknown, or if a value is out of its range.
    pub fn build(
        self,
        n_tasks: usize,
        seed: u64,
        keys: &BTreeMap<String, KeyValue>,
    ) -> Result<Box<dyn GradientCombining>, SharingError> {
        (BUILDS[self as usize].make)(n_tasks, seed, &Values::new(self, keys)?)
    }
}

impl fmt::Display for GradientKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for GradientKind {
    type Err = SharingError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name).ok_or_else(|| {
            SharingError::UnknownCombining {
                name: name.to_owned(),
                expected: Self::ALL.iter().map(|kind| kind.name()).collect(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn given(keys: &[(&str, KeyValue)]) -> BTreeMap<String, KeyValue> {
        keys.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn every_kind_is_found_by_its_name_and_builds_itself() {
        for &kind in GradientKind::ALL {
            assert_eq!((kind.name().parse(), kind.method()), (Ok(kind), &METHODS[kind as usize]));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
            assert_eq!(kind.build(3, 0, &BTreeMap::new()).unwrap().kind(), kind);
            assert_eq!(kind.build(0, 0, &BTreeMap::new()).unwrap_err(), SharingError::NoGradients);
        }
    }

    #[test]
    fn every_kind_has_a_file() {
        for kind in GradientKind::ALL {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gradient").join(kind.file());
            assert!(file.is_file(), "{}", file.display());
        }
    }

    #[test]
    fn every_key_has_a_default_in_its_range() {
        for &kind in GradientKind::ALL {
            for key in kind.keys() {
                assert!(
                    kind.build(2, 0, &given(&[(key.name, key.default.clone())])).is_ok(),
                    "{kind}: {key:?}"
                );
                let wrong = given(&[(key.name, KeyValue::Number(f64::NAN))]);
                let error = kind.build(2, 0, &wrong).unwrap_err().to_string();
                assert_eq!(
                    error,
                    format!("`{}` of {kind} combining must be {}, got NaN", key.name, key.range)
                );
            }
        }
    }

    #[test]
    fn wrong_keys_and_values_say_what_would_do() {
        let build = |kind: GradientKind, name, value| kind.build(2, 0, &given(&[(name, value)])).unwrap_err();
        let error = build(GradientKind::CaGrad, "alpha", KeyValue::Number(1.0));
        assert_eq!(error.to_string(), "cagrad has no key `alpha`, only c, rescale");
        let error = build(GradientKind::Sum, "c", KeyValue::Number(1.0));
        assert_eq!(error.to_string(), "sum has no key `c`, it has none");
        let error = build(GradientKind::AlignedMtl, "scale", KeyValue::Text("max".into()));
        assert_eq!(
            error.to_string(),
            "`scale` of aligned-mtl combining must be one of min, median, rmse, got max"
        );
        let error = build(GradientKind::SdmGrad, "iterations", KeyValue::Number(2.5));
        assert_eq!(
            error.to_string(),
            "`iterations` of sdmgrad combining must be a whole number, at least 1, got 2.5"
        );
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "pc-grad".parse::<GradientKind>().unwrap_err().to_string();
        assert!(
            error.starts_with("unknown gradient combining `pc-grad`, expected one of sum, mgda, "),
            "{error}"
        );
    }
}
