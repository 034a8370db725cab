//! The registry of loss weightings: names, sources, keys, and how each is made.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use mtl_base::Method;
use serde::{Deserialize, Serialize};

use super::coba::{CoBa, CoBaConfig};
use super::dwa::{Dwa, DwaConfig};
use super::famo::{Famo, FamoConfig};
use super::gradnorm::{GradNorm, GradNormConfig};
use super::imtl_l::{ImtlL, ImtlLConfig};
use super::smooth_tchebycheff::{SmoothTchebycheff, SmoothTchebycheffConfig};
use super::uncertainty::{Uncertainty, UncertaintyConfig};
use super::{Equal, Fixed, Geometric, Key, LossWeighting, NormalDraws, RandomWeighting, TaskLoss};
use crate::SharingError;

/// Writes the kinds and their tables from one list: a kind, the file that has its `METHOD`, and its keys.
macro_rules! weightings {
    ($($(#[$about:meta])* $kind:ident = $file:ident, $keys:expr;)+) => {
        /// The loss weightings, by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum WeightingKind {
            $($(#[$about])* $kind,)+
        }

        /// What is fixed about each loss weighting, in the order of the documentation.
        pub const METHODS: &[Method] = &[$(super::$file::METHOD),+];

        /// Their keys, in the same order.
        const KEYS: &[&[Key]] = &[$($keys),+];

        impl WeightingKind {
            /// Every entry, in the order of the documentation.
            pub const ALL: &'static [WeightingKind] = &[$(WeightingKind::$kind),+];
        }
    };
}

weightings! {
    /// [`Equal`], `"equal"`.
    Equal = equal, &[];
    /// [`Fixed`], `"fixed"`.
    Fixed = fixed, &[];
    /// [`Uncertainty`], `"uncertainty"`.
    Uncertainty = uncertainty, UncertaintyConfig::KEYS;
    /// [`Dwa`], `"dwa"`.
    Dwa = dwa, DwaConfig::KEYS;
    /// [`GradNorm`], `"gradnorm"`.
    #[serde(rename = "gradnorm")]
    GradNorm = gradnorm, GradNormConfig::KEYS;
    /// [`RandomWeighting`], `"random"`.
    Random = random, &[];
    /// [`Geometric`], `"geometric"`.
    Geometric = geometric, &[];
    /// [`Famo`], `"famo"`.
    Famo = famo, FamoConfig::KEYS;
    /// [`SmoothTchebycheff`], `"smooth-tchebycheff"`.
    SmoothTchebycheff = smooth_tchebycheff, SmoothTchebycheffConfig::KEYS;
    /// [`ImtlL`], `"imtl-l"`.
    ImtlL = imtl_l, ImtlLConfig::KEYS;
    /// [`CoBa`], `"coba"`.
    #[serde(rename = "coba")]
    CoBa = coba, CoBaConfig::KEYS;
}

impl WeightingKind {
    /// What is fixed about it.
    pub fn method(self) -> &'static Method {
        &METHODS[self as usize]
    }

    /// The name that a configuration file uses.
    pub fn name(self) -> &'static str {
        self.method().name
    }

    /// The name that people use.
    pub fn title(self) -> &'static str {
        self.method().title
    }

    /// Authors and year of the paper; empty where there is none.
    pub fn paper(self) -> &'static str {
        self.method().paper
    }

    /// The file in this crate's `src/weighting`.
    pub fn file(self) -> &'static str {
        crate::registry::file_name(self.method())
    }

    /// The numbers that it can be set with.
    pub fn keys(self) -> &'static [Key] {
        KEYS[self as usize]
    }

    /// The weighting with these keys, the rest at their defaults.
    ///
    /// Errors if it has no such key or a value is out of its range.
    pub fn configure(self, values: &BTreeMap<String, f64>) -> Result<WeightingConfig, SharingError> {
        let plain = |config| super::key::check_names(self, &[], values).map(|()| config);
        Ok(match self {
            WeightingKind::Equal => plain(WeightingConfig::Equal)?,
            WeightingKind::Fixed => plain(WeightingConfig::Fixed)?,
            WeightingKind::Uncertainty => {
                WeightingConfig::Uncertainty(UncertaintyConfig::from_values(values)?)
            }
            WeightingKind::Dwa => WeightingConfig::Dwa(DwaConfig::from_values(values)?),
            WeightingKind::GradNorm => WeightingConfig::GradNorm(GradNormConfig::from_values(values)?),
            WeightingKind::Random => plain(WeightingConfig::Random)?,
            WeightingKind::Geometric => plain(WeightingConfig::Geometric)?,
            WeightingKind::Famo => WeightingConfig::Famo(FamoConfig::from_values(values)?),
            WeightingKind::SmoothTchebycheff => {
                WeightingConfig::SmoothTchebycheff(SmoothTchebycheffConfig::from_values(values)?)
            }
            WeightingKind::ImtlL => WeightingConfig::ImtlL(ImtlLConfig::from_values(values)?),
            WeightingKind::CoBa => WeightingConfig::CoBa(CoBaConfig::from_values(values)?),
        })
    }

    /// Makes the weighting with its default settings for as many regressions as there are `weights`, with seed 0; only
    /// [`Fixed`] reads the weights themselves. For anything else, [`configure`](Self::configure) it first.
    ///
    /// Errors if there is no task or, for [`Fixed`], if a weight is not positive and finite.
    pub fn build(self, weights: &[f64]) -> Result<Box<dyn LossWeighting>, SharingError> {
        let tasks: Vec<TaskLoss> = weights.iter().map(|&weight| TaskLoss::regression(weight)).collect();
        self.configure(&BTreeMap::new())?.build(&tasks, 0)
    }
}

/// A loss weighting with its settings: what a configuration file says.
///
/// In a file it is a table: the name as `weighting`, and the keys beside it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "weighting", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WeightingConfig {
    /// [`Equal`].
    Equal,
    /// [`Fixed`], with the weights of the tasks.
    Fixed,
    /// [`Uncertainty`].
    Uncertainty(UncertaintyConfig),
    /// [`Dwa`].
    Dwa(DwaConfig),
    /// [`GradNorm`].
    #[serde(rename = "gradnorm")]
    GradNorm(GradNormConfig),
    /// [`RandomWeighting`].
    Random,
    /// [`Geometric`].
    Geometric,
    /// [`Famo`].
    Famo(FamoConfig),
    /// [`SmoothTchebycheff`].
    SmoothTchebycheff(SmoothTchebycheffConfig),
    /// [`ImtlL`].
    ImtlL(ImtlLConfig),
    /// [`CoBa`].
    #[serde(rename = "coba")]
    CoBa(CoBaConfig),
}

impl WeightingConfig {
    /// The entry of the registry that it belongs to.
    pub fn kind(&self) -> WeightingKind {
        match self {
            WeightingConfig::Equal => WeightingKind::Equal,
            WeightingConfig::Fixed => WeightingKind::Fixed,
            WeightingConfig::Uncertainty(_) => WeightingKind::Uncertainty,
            WeightingConfig::Dwa(_) => WeightingKind::Dwa,
            WeightingConfig::GradNorm(_) => WeightingKind::GradNorm,
            WeightingConfig::Random => WeightingKind::Random,
            WeightingConfig::Geometric => WeightingKind::Geometric,
            WeightingConfig::Famo(_) => WeightingKind::Famo,
            WeightingConfig::SmoothTchebycheff(_) => WeightingKind::SmoothTchebycheff,
            WeightingConfig::ImtlL(_) => WeightingKind::ImtlL,
            WeightingConfig::CoBa(_) => WeightingKind::CoBa,
        }
    }

    /// Makes the weighting of these tasks. Only [`RandomWeighting`] draws; its draws are those of `seed`.
    ///
    /// Errors if there is no task, if a setting is out of its range or, for [`Fixed`], if a weight is not positive and
    /// finite.
    pub fn build(&self, tasks: &[TaskLoss], seed: u64) -> Result<Box<dyn LossWeighting>, SharingError> {
        let n_tasks = tasks.len();
        Ok(match *self {
            WeightingConfig::Equal => Box::new(Equal::new(n_tasks)?),
            WeightingConfig::Fixed => Box::new(Fixed::new(tasks.iter().map(|task| task.weight).collect())?),
            WeightingConfig::Uncertainty(config) => Box::new(Uncertainty::new(tasks, config)?),
            WeightingConfig::Dwa(config) => Box::new(Dwa::new(n_tasks, config)?),
            WeightingConfig::GradNorm(config) => Box::new(GradNorm::new(n_tasks, config)?),
            WeightingConfig::Random => Box::new(RandomWeighting::new(n_tasks, NormalDraws::new(seed))?),
            WeightingConfig::Geometric => Box::new(Geometric::new(n_tasks)?),
            WeightingConfig::Famo(config) => Box::new(Famo::new(n_tasks, config)?),
            WeightingConfig::SmoothTchebycheff(config) => Box::new(SmoothTchebycheff::new(n_tasks, config)?),
            WeightingConfig::ImtlL(config) => Box::new(ImtlL::new(n_tasks, config)?),
            WeightingConfig::CoBa(config) => Box::new(CoBa::new(n_tasks, config)?),
        })
    }
}

impl fmt::Display for WeightingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for WeightingKind {
    type Err = SharingError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name).ok_or_else(|| {
            SharingError::UnknownWeighting {
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

    #[test]
    fn every_kind_is_found_by_its_name_and_builds_itself() {
        assert_eq!(WeightingKind::ALL.len(), METHODS.len());
        for (i, &kind) in WeightingKind::ALL.iter().enumerate() {
            assert_eq!(kind as usize, i);
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(kind.build(&[1.0, 2.0]).unwrap().kind(), kind);
            assert_eq!(kind.build(&[]).unwrap_err(), SharingError::NoTasks);
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
    }

    #[test]
    fn every_kind_has_a_file() {
        for kind in WeightingKind::ALL {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/weighting").join(kind.file());
            assert!(file.is_file(), "{}", file.display());
        }
    }

    #[test]
    fn defaults_are_those_of_the_keys() {
        for &kind in WeightingKind::ALL {
            let values = kind.keys().iter().map(|key| (key.name.to_owned(), key.default)).collect();
            let config = kind.configure(&values).unwrap();
            assert_eq!(config, kind.configure(&BTreeMap::new()).unwrap());
            assert_eq!(config.kind(), kind);
            let registered = kind.method().keys.iter().map(|key| (key.name, key.default, key.meaning));
            let number =
                |key: &Key| (key.name, mtl_base::registry::Default::Number(key.default), key.purpose);
            assert!(registered.eq(kind.keys().iter().map(number)), "{kind}");
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "even".parse::<WeightingKind>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown loss weighting `even`, expected one of equal, fixed, uncertainty, dwa, gradnorm, random, \
             geometric, famo, smooth-tchebycheff, imtl-l, coba"
        );
    }

    #[test]
    fn a_configuration_is_a_table_with_its_name_and_keys() {
        let read = |json: &str| serde_json::from_str::<WeightingConfig>(json);
        let config = read(r#"{"weighting": "dwa", "temperature": 3.0}"#).unwrap();
        assert_eq!(config, WeightingConfig::Dwa(DwaConfig { temperature: 3.0, interval: 0 }));
        for &kind in WeightingKind::ALL {
            let config = kind.configure(&BTreeMap::new()).unwrap();
            assert_eq!(read(&format!("{{\"weighting\": \"{kind}\"}}")).unwrap(), config);
            assert_eq!(read(&serde_json::to_string(&config).unwrap()).unwrap(), config);
        }
        assert!(read(r#"{"weighting": "dwa", "alpha": 1.0}"#).unwrap_err().to_string().contains("alpha"));
    }

    #[test]
    fn a_setting_out_of_its_range_builds_nothing() {
        let config = WeightingConfig::GradNorm(GradNormConfig { alpha: -1.0, learning_rate: 0.1 });
        let error = config.build(&[TaskLoss::regression(1.0)], 0).unwrap_err();
        assert_eq!(error.to_string(), "`alpha` of gradnorm weighting must be at least 0, got -1");
    }
}
