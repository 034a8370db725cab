//! Every dependency has a licence that `deny.toml` allows.

use std::fs;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use cargo_metadata::MetadataCommand;
use serde::Deserialize;

use crate::process::output;
use crate::workspace;

/// What is read of `deny.toml`.
#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

/// Errors with every package whose licence is not allowed, or not told.
pub(crate) fn check() -> anyhow::Result<()> {
    // Of all dependencies of this platform, not of the workspace alone; what has been built needs no network.
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let host = output(rustc.args(["--print", "host-tuple"]))?;
    let metadata = MetadataCommand::new()
        .manifest_path(workspace::root().join("Cargo.toml"))
        .other_options(["--locked", "--filter-platform", host.trim()].map(String::from))
        .exec()
        .context("failed to read the dependencies with `cargo metadata`")?;
    ensure!(metadata.packages.iter().any(|package| package.source.is_some()), "no dependency was found");
    let path = workspace::root().join("deny.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let deny: Deny = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    let refused = metadata.packages.iter().filter_map(|package| {
        let licence = package.license.as_deref().unwrap_or_default();
        let refused = !allows(licence, &deny.licenses.allow);
        refused.then(|| format!("{} {}: {licence:?}", package.name, package.version))
    });
    let refused: Vec<String> = refused.collect();
    if !refused.is_empty() {
        bail!("licences that deny.toml does not allow:\n  {}", refused.join("\n  "));
    }
    println!("{} packages, their licences allowed", metadata.packages.len());
    Ok(())
}

/// Whether the expression (SPDX, or with `/` for `OR`, as older packages write it) holds with these licences alone. An
/// exception such as that of LLVM only adds to what a licence permits.
fn allows(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest, allowed) && rest.is_empty() && !words.is_empty()
}

/// Alternatives.
fn any(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut holds = all(rest, allowed);
    while let ["OR", after @ ..] = rest {
        *rest = after;
        // Both sides are read, whatever the first says.
        holds |= all(rest, allowed);
    }
    holds
}

/// Conditions of which each must hold.
fn all(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut holds = one(rest, allowed);
    while let ["AND", after @ ..] = rest {
        *rest = after;
        holds &= one(rest, allowed);
    }
    holds
}

/// A licence, or an expression in brackets.
fn one(rest: &mut &[&str], allowed: &[String]) -> bool {
    match *rest {
        ["(", after @ ..] => {
            *rest = after;
            let holds = any(rest, allowed);
            match *rest {
                [")", after @ ..] => *rest = after,
                _ => return false,
            }
            holds
        }
        [licence, after @ ..] => {
            *rest = match after {
                ["WITH", _, after @ ..] => after,
                after => after,
            };
            allowed.iter().any(|allowed| allowed == licence)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_holds_with_what_is_allowed() {
        let allowed = ["MIT", "Apache-2.0"].map(String::from);
        for (expression, holds) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("MIT/Apache-2.0", true),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", false),
            ("(GPL-3.0 OR MIT) AND Apache-2.0", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("(MIT", false),
            ("MIT MIT", false),
            ("", false),
        ] {
            assert_eq!(allows(expression, &allowed), holds, "{expression}");
        }
    }
}
