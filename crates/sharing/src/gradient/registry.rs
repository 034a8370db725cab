//! The combinings by name.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::key::Values;
use super::{
    AlignedMtl, CaGrad, ConFig, DualProjection, EigenvalueScale, FairGrad, GradDrop, GradVac,
    GradientCombining, GradientNormalization, ImtlG, Key, KeyValue, Mgda, MgdaUb, NashMtl, Needs, PcGrad,
    Rescale, SdmGrad, SdmGradRule, Sum, UpGrad,
};
use crate::SharingError;

/// The gradient combinings, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GradientKind {
    /// [`Sum`], `"sum"`.
    Sum,
    /// [`Mgda`], `"mgda"`.
    Mgda,
    /// [`MgdaUb`], `"mgda-ub"`.
    MgdaUb,
    /// [`PcGrad`], `"pcgrad"`.
    #[serde(rename = "pcgrad")]
    PcGrad,
    /// [`GradVac`], `"grad-vac"`.
    GradVac,
    /// [`GradDrop`], `"grad-drop"`.
    GradDrop,
    /// [`CaGrad`], `"cagrad"`.
    #[serde(rename = "cagrad")]
    CaGrad,
    /// [`ImtlG`], `"imtl-g"`.
    ImtlG,
    /// [`NashMtl`], `"nash-mtl"`.
    NashMtl,
    /// [`AlignedMtl`], `"aligned-mtl"`.
    AlignedMtl,
    /// [`FairGrad`], `"fairgrad"`.
    #[serde(rename = "fairgrad")]
    FairGrad,
    /// [`ConFig`], `"config"`.
    #[serde(rename = "config")]
    ConFig,
    /// [`DualProjection`], `"dual-projection"`.
    DualProjection,
    /// [`UpGrad`], `"upgrad"`.
    #[serde(rename = "upgrad")]
    UpGrad,
    /// [`SdmGrad`], `"sdmgrad"`.
    #[serde(rename = "sdmgrad")]
    SdmGrad,
}

const MGDA_KEYS: &[Key] =
    &[Key::text("normalization", "none", "what each gradient is divided by", "one of none, l2, loss, loss+")];

// LibMTL's and TorchJD's default; the paper's experiments have 1e-2.
const GRAD_VAC_KEYS: &[Key] =
    &[Key::number("beta", 0.5, "share of a target cosine that a step replaces", "from 0 to 1")];

const GRAD_DROP_KEYS: &[Key] =
    &[Key::number("leak", 0.0, "share of every gradient that passes whatever its sign", "from 0 to 1")];

const CAGRAD_KEYS: &[Key] = &[
    Key::number("c", 0.5, "radius around the mean gradient, in units of its norm", "at least 0"),
    Key::text("rescale", "1+c^2", "what the direction is divided by", "one of none, 1+c^2, 1+c"),
];

const NASH_MTL_KEYS: &[Key] = &[
    Key::number("max_norm", 1.0, "longest direction; 0: any", "at least 0"),
    Key::number("update_weights_every", 1.0, "steps between new weights", "a whole number, at least 1"),
];

const ALIGNED_MTL_KEYS: &[Key] =
    &[Key::text("scale", "min", "eigenvalue that all are scaled to", "one of min, median, rmse")];

const FAIR_GRAD_KEYS: &[Key] =
    &[Key::number("alpha", 1.0, "fairness: larger favours the task that gains least", "greater than 0")];

const SDM_GRAD_KEYS: &[Key] = &[
    Key::number("lambda", 0.3, "how strongly the mean gradient draws", "at least 0"),
    Key::number("iterations", 20.0, "iterations in a step", "a whole number, at least 1"),
    Key::number("rate", 10.0, "length of an iteration", "greater than 0"),
    Key::number("momentum", 0.5, "share of the last change made again", "at least 0 and less than 1"),
];

impl GradientKind {
    /// Every entry, in the order of the documentation.
    pub const ALL: &'static [GradientKind] = &[
        GradientKind::Sum,
        GradientKind::Mgda,
        GradientKind::MgdaUb,
        GradientKind::PcGrad,
        GradientKind::GradVac,
        GradientKind::GradDrop,
        GradientKind::CaGrad,
        GradientKind::ImtlG,
        GradientKind::NashMtl,
        GradientKind::AlignedMtl,
        GradientKind::FairGrad,
        GradientKind::ConFig,
        GradientKind::DualProjection,
        GradientKind::UpGrad,
        GradientKind::SdmGrad,
    ];

    /// The name that a configuration file uses.
    pub fn name(self) -> &'static str {
        match self {
            GradientKind::Sum => "sum",
            GradientKind::Mgda => "mgda",
            GradientKind::MgdaUb => "mgda-ub",
            GradientKind::PcGrad => "pcgrad",
            GradientKind::GradVac => "grad-vac",
            GradientKind::GradDrop => "grad-drop",
            GradientKind::CaGrad => "cagrad",
            GradientKind::ImtlG => "imtl-g",
            GradientKind::NashMtl => "nash-mtl",
            GradientKind::AlignedMtl => "aligned-mtl",
            GradientKind::FairGrad => "fairgrad",
            GradientKind::ConFig => "config",
            GradientKind::DualProjection => "dual-projection",
            GradientKind::UpGrad => "upgrad",
            GradientKind::SdmGrad => "sdmgrad",
        }
    }

    /// What it is called in full.
    pub fn title(self) -> &'static str {
        self.source().0
    }

    /// Who published it; empty for the plain sum.
    pub fn paper(self) -> &'static str {
        self.source().1
    }

    /// The file in this crate's `src/gradient`.
    pub fn file(self) -> &'static str {
        self.source().2
    }

    /// Title, paper, file.
    fn source(self) -> (&'static str, &'static str, &'static str) {
        match self {
            GradientKind::Sum => ("sum", "", "sum.rs"),
            GradientKind::Mgda => ("multiple-gradient descent (MGDA)", "Sener and Koltun 2018", "mgda.rs"),
            GradientKind::MgdaUb => ("MGDA's upper bound (MGDA-UB)", "Sener and Koltun 2018", "mgda_ub.rs"),
            GradientKind::PcGrad => {
                ("projecting conflicting gradients (PCGrad)", "Yu et al. 2020", "pcgrad.rs")
            }
            GradientKind::GradVac => ("gradient vaccine (GradVac)", "Wang et al. 2021", "grad_vac.rs"),
            GradientKind::GradDrop => {
                ("gradient sign dropout (GradDrop)", "Chen et al. 2020", "grad_drop.rs")
            }
            GradientKind::CaGrad => {
                ("conflict-averse gradient descent (CAGrad)", "Liu et al. 2021", "cagrad.rs")
            }
            GradientKind::ImtlG => ("impartial learning, gradients (IMTL-G)", "Liu et al. 2021", "imtl_g.rs"),
            GradientKind::NashMtl => ("Nash bargaining (Nash-MTL)", "Navon et al. 2022", "nash_mtl.rs"),
            GradientKind::AlignedMtl => {
                ("aligned learning (Aligned-MTL)", "Senushkin et al. 2023", "aligned_mtl.rs")
            }
            GradientKind::FairGrad => ("alpha-fair gradients (FairGrad)", "Ban and Ji 2024", "fair_grad.rs"),
            GradientKind::ConFig => {
                ("conflict-free inverse gradients (ConFIG)", "Liu et al. 2025", "config.rs")
            }
            GradientKind::DualProjection => ("dual projection", "Quinton and Rey 2024", "dual_projection.rs"),
            GradientKind::UpGrad => {
                ("unconflicting projection (UPGrad)", "Quinton and Rey 2024", "up_grad.rs")
            }
            GradientKind::SdmGrad => {
                ("direction-oriented descent (SDMGrad)", "Xiao et al. 2023", "sdm_grad.rs")
            }
        }
    }

    /// What a training loop has to show it.
    pub fn needs(self) -> Needs {
        match self {
            GradientKind::MgdaUb => Needs::Representation,
            GradientKind::GradDrop => Needs::Elementwise,
            GradientKind::SdmGrad => Needs::ThreeBatches,
            _ => Needs::Gram,
        }
    }

    /// The keys that it reads.
    pub fn keys(self) -> &'static [Key] {
        match self {
            GradientKind::Mgda | GradientKind::MgdaUb => MGDA_KEYS,
            GradientKind::GradVac => GRAD_VAC_KEYS,
            GradientKind::GradDrop => GRAD_DROP_KEYS,
            GradientKind::CaGrad => CAGRAD_KEYS,
            GradientKind::NashMtl => NASH_MTL_KEYS,
            GradientKind::AlignedMtl => ALIGNED_MTL_KEYS,
            GradientKind::FairGrad => FAIR_GRAD_KEYS,
            GradientKind::SdmGrad => SDM_GRAD_KEYS,
            GradientKind::Sum
            | GradientKind::PcGrad
            | GradientKind::ImtlG
            | GradientKind::ConFig
            | GradientKind::DualProjection
            | GradientKind::UpGrad => &[],
        }
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
        let values = Values::new(self, keys)?;
        Ok(match self {
            GradientKind::Sum => Box::new(Sum::new(n_tasks)?),
            GradientKind::Mgda => {
                Box::new(Mgda::new(n_tasks, values.choice("normalization", GradientNormalization::ALL)?)?)
            }
            GradientKind::MgdaUb => {
                Box::new(MgdaUb::new(n_tasks, values.choice("normalization", GradientNormalization::ALL)?)?)
            }
            GradientKind::PcGrad => Box::new(PcGrad::new(n_tasks, seed)?),
            GradientKind::GradVac => Box::new(GradVac::new(n_tasks, values.number("beta")?, seed)?),
            GradientKind::GradDrop => Box::new(GradDrop::new(n_tasks, values.number("leak")?, seed)?),
            GradientKind::CaGrad => {
                let rescale = values.choice("rescale", Rescale::ALL)?;
                Box::new(CaGrad::new(n_tasks, values.number("c")?, rescale)?)
            }
            GradientKind::ImtlG => Box::new(ImtlG::new(n_tasks)?),
            GradientKind::NashMtl => {
                let every = values.count("update_weights_every")?;
                Box::new(NashMtl::new(n_tasks, values.number("max_norm")?, every.into())?)
            }
            GradientKind::AlignedMtl => {
                Box::new(AlignedMtl::new(n_tasks, values.choice("scale", EigenvalueScale::ALL)?)?)
            }
            GradientKind::FairGrad => Box::new(FairGrad::new(n_tasks, values.number("alpha")?)?),
            GradientKind::ConFig => Box::new(ConFig::new(n_tasks)?),
            GradientKind::DualProjection => Box::new(DualProjection::new(n_tasks)?),
            GradientKind::UpGrad => Box::new(UpGrad::new(n_tasks)?),
            GradientKind::SdmGrad => {
                let rule = SdmGradRule {
                    lambda: values.number("lambda")?,
                    iterations: values.count("iterations")?,
                    rate: values.number("rate")?,
                    momentum: values.number("momentum")?,
                };
                Box::new(SdmGrad::new(n_tasks, rule)?)
            }
        })
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
            assert_eq!(kind.name().parse(), Ok(kind));
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
