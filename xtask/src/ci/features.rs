//! Feature combinations: every crate with features builds with none, with each alone, and with all.

use anyhow::bail;
use cargo_metadata::{Metadata, Package};

use crate::process::{cargo, run};
use crate::workspace;

/// Checks each combination; errors with those that do not build.
pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    let mut count = 0;
    for package in workspace::crates(metadata) {
        for flags in combinations(&names(package)) {
            let mut check = cargo(&["check", "--quiet", "--package", package.name.as_str()]);
            count += 1;
            if let Err(error) = run(check.args(&flags)) {
                eprintln!("{error:#}");
                failed.push(format!("{} {}", package.name, flags.join(" ")));
            }
        }
    }
    if !failed.is_empty() {
        bail!("these feature combinations do not build:\n  {}", failed.join("\n  "));
    }
    println!("{count} feature combinations build");
    Ok(())
}

fn names(package: &Package) -> Vec<&str> {
    package.features.keys().map(String::as_str).filter(|&name| name != "default").collect()
}

/// None, each alone, all: without those that would be the same build twice.
fn combinations(features: &[&str]) -> Vec<Vec<String>> {
    let none = "--no-default-features".to_owned();
    let each = features.iter().map(|name| vec![none.clone(), "--features".to_owned(), (*name).to_owned()]);
    match features {
        [] => Vec::new(),
        [_] => std::iter::once(vec![none.clone()]).chain(each).collect(),
        _ => std::iter::once(vec![none.clone()])
            .chain(each)
            .chain([vec!["--all-features".to_owned()]])
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_without_features_needs_no_check() {
        assert!(combinations(&[]).is_empty());
    }

    #[test]
    fn one_feature_is_built_without_and_with() {
        let flags: Vec<String> = combinations(&["proptest"]).iter().map(|flags| flags.join(" ")).collect();
        assert_eq!(flags, ["--no-default-features", "--no-default-features --features proptest"]);
    }

    #[test]
    fn several_features_are_also_built_together() {
        let flags = combinations(&["a", "b"]);
        assert_eq!(flags.len(), 4);
        assert_eq!(flags[3], ["--all-features"]);
    }
}
