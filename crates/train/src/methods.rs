//! Every method that a configuration can name, from the registries of all crates.

pub use mtl_base::registry::Method;

use mtl_core_tensor::Cpu;
use mtl_curriculum::{sampler, stopping};
use mtl_sharing::{adapter, architecture, gradient, penalty, weighting};

/// The groups, in the order in which they are listed.
pub const GROUPS: &[&str] =
    &["architecture", "adapter", "penalty", "weighting", "gradients", "sampler", "stopping", "encoder"];

/// Every method, group by group.
pub fn methods() -> Vec<Method> {
    let encoders = mtl_encoders::families::<f32, Cpu>().into_iter().map(|row| row.method);
    let sharing =
        [architecture::METHODS, adapter::METHODS, penalty::METHODS, weighting::METHODS, gradient::METHODS];
    let samplers = sampler::ROWS.iter().map(|row| row.method);
    let stopping = stopping::ROWS.iter().map(|row| row.method);
    sharing.concat().into_iter().chain(samplers).chain(stopping).chain(encoders).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_method_has_a_group_a_file_and_a_name_of_its_own() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut names = BTreeSet::new();
        for method in methods() {
            assert!(GROUPS.contains(&method.group), "{method:?}");
            assert!(root.join(method.file).is_file(), "{} of {}", method.file, method.name);
            assert!(names.insert((method.group, method.name)), "{} is there twice", method.name);
        }
        for group in GROUPS {
            assert!(names.iter().any(|(of, _)| of == group), "{group} is empty");
        }
    }
}
