//! Criterion suites: the bench targets of the workspace's packages.

use anyhow::bail;
use cargo_metadata::TargetKind;

use crate::process::{cargo, run as run_command};
use crate::workspace;

/// Runs the suite of this name, or all. Errors if there is none.
pub(super) fn run(suite: Option<&str>) -> anyhow::Result<()> {
    let known = suites()?;
    let chosen: Vec<_> = known.iter().filter(|(_, name)| suite.is_none_or(|wanted| wanted == name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = known.iter().map(|(_, name)| name.as_str()).collect();
        bail!("no benchmark suite named {:?}; there are: {}", suite.unwrap_or("any"), names.join(", "));
    }
    for (package, name) in chosen {
        run_command(&mut cargo(&["bench", "--package", package, "--bench", name]))?;
    }
    Ok(())
}

/// Package and name of every bench target.
fn suites() -> anyhow::Result<Vec<(String, String)>> {
    let metadata = workspace::metadata()?;
    let mut found = Vec::new();
    for package in workspace::crates(&metadata) {
        let benches = package.targets.iter().filter(|target| target.kind.contains(&TargetKind::Bench));
        found.extend(benches.map(|target| (package.name.to_string(), target.name.clone())));
    }
    Ok(found)
}
