//! Who may use whom: the layers of the workspace, checked against what cargo reads from the manifests.

use anyhow::bail;
use cargo_metadata::{DependencyKind, Metadata};

use crate::workspace;

/// Each crate and the crates of ours that its library or binary may use. Tests may use more.
const LAYERS: &[(&str, &[&str])] = &[
    // The ground floor.
    ("mtl-base", &[]),
    // Plain numbers.
    ("mtl-metrics", &["mtl-base"]),
    ("mtl-curriculum", &["mtl-base"]),
    // Tensors.
    ("mtl-core-tensor", &["mtl-base"]),
    // Text.
    ("mtl-data", &["mtl-base"]),
    // Models, never each other.
    ("mtl-encoders", &["mtl-base", "mtl-core-tensor"]),
    ("mtl-heads", &["mtl-core-tensor"]),
    ("mtl-sharing", &["mtl-base", "mtl-core-tensor"]),
    // Session.
    (
        "mtl-train",
        &[
            "mtl-base",
            "mtl-core-tensor",
            "mtl-curriculum",
            "mtl-data",
            "mtl-encoders",
            "mtl-heads",
            "mtl-metrics",
            "mtl-sharing",
        ],
    ),
    // Face.
    ("mtl-cli", &["mtl-train"]),
];

/// Errors with every edge that the layers do not allow.
pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<()> {
    let crates = workspace::crates(metadata);
    let ours = |name: &str| crates.iter().any(|package| package.name.as_str() == name);
    let edges: Vec<(&str, Vec<&str>)> = crates
        .iter()
        .map(|package| {
            let uses = package
                .dependencies
                .iter()
                .filter(|edge| edge.kind != DependencyKind::Development && ours(&edge.name))
                .map(|edge| edge.name.as_str());
            (package.name.as_str(), uses.collect())
        })
        .collect();
    let wrong = violations(&edges, LAYERS);
    if !wrong.is_empty() {
        bail!("dependencies outside the layers:\n  {}", wrong.join("\n  "));
    }
    let unused = unused(&edges, LAYERS);
    if !unused.is_empty() {
        bail!("edges that xtask/src/ci/edges.rs allows and nobody uses:\n  {}", unused.join("\n  "));
    }
    println!(
        "{} crates, {} edges allowed",
        edges.len(),
        edges.iter().map(|(_, uses)| uses.len()).sum::<usize>()
    );
    Ok(())
}

fn violations(edges: &[(&str, Vec<&str>)], layers: &[(&str, &[&str])]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (user, uses) in edges {
        let Some((_, allowed)) = layers.iter().find(|(name, _)| name == user) else {
            wrong.push(format!("{user} has no layer: name it in xtask/src/ci/edges.rs"));
            continue;
        };
        let forbidden = uses.iter().filter(|used| !allowed.contains(used));
        wrong.extend(forbidden.map(|used| format!("{user} -> {used} (allowed: {})", list(allowed))));
    }
    wrong
}

/// The allowed edges that there are not.
fn unused(edges: &[(&str, Vec<&str>)], layers: &[(&str, &[&str])]) -> Vec<String> {
    let used =
        |user: &str, used: &str| edges.iter().any(|(name, uses)| *name == user && uses.contains(&used));
    let allowed = layers.iter().flat_map(|(user, allowed)| allowed.iter().map(move |to| (*user, *to)));
    allowed.filter(|(user, to)| !used(user, to)).map(|(user, to)| format!("{user} -> {to}")).collect()
}

fn list(allowed: &[&str]) -> String {
    if allowed.is_empty() { "none of ours".to_owned() } else { allowed.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_to_a_sibling_is_named() {
        let edges = [("mtl-heads", vec!["mtl-core-tensor", "mtl-encoders"]), ("mtl-metrics", vec![])];
        assert_eq!(violations(&edges, LAYERS), ["mtl-heads -> mtl-encoders (allowed: mtl-core-tensor)"]);
    }

    #[test]
    fn a_crate_without_a_layer_is_named() {
        let wrong = violations(&[("mtl-new", vec![])], LAYERS);
        assert!(wrong[0].starts_with("mtl-new has no layer"), "{wrong:?}");
    }

    #[test]
    fn an_allowed_edge_that_nobody_uses_is_named() {
        let layers: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["a", "b"])];
        let edges = [("a", vec![]), ("b", vec!["a"]), ("c", vec!["a"])];
        assert_eq!(unused(&edges, layers), ["c -> b"]);
    }

    #[test]
    fn layers_have_no_cycle() {
        for (position, (name, allowed)) in LAYERS.iter().enumerate() {
            let below: Vec<_> = LAYERS[..position].iter().map(|(name, _)| *name).collect();
            assert!(allowed.iter().all(|used| below.contains(used)), "{name}");
        }
    }
}
