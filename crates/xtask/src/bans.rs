//! What may be in the tree of dependencies: permissive licences, one crypto library, one registry.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// A second crypto library, one with a known timing flaw, and one that is not Rust.
const BANNED: &[&str] = &["ring", "rsa", "openssl", "openssl-sys", "native-tls"];

/// Licences that ask for no more than to be named (MPL-2.0: and for changes to its own files).
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Fails with every package that should not be there.
pub fn check() -> anyhow::Result<()> {
    let metadata = output("cargo metadata", &["metadata", "--format-version", "1", "--locked"])?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata is no JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let built = built()?;
    let is_built = |package: &&Value| {
        let text = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
        built.contains(&(text("name"), text("version")))
    };
    let packages: Vec<&Value> = packages.iter().filter(is_built).collect();
    let faults: Vec<String> = packages.iter().copied().filter_map(fault).collect();
    println!("    {} packages", packages.len());
    if packages.is_empty() {
        bail!("cargo metadata resolves no packages");
    }
    if !faults.is_empty() {
        bail!("dependencies that must not be there:\n{}", faults.join("\n"));
    }
    Ok(())
}

/// Name and version of each package that is built. `cargo metadata` lists more: those too that only a feature nobody
/// chose would bring.
fn built() -> anyhow::Result<BTreeSet<(String, String)>> {
    let tree =
        output("cargo tree", &["tree", "--workspace", "--locked", "--prefix", "none", "--format", "{p}"])?;
    let packages = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    });
    Ok(packages.collect())
}

fn output(what: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(env!("CARGO")).args(arguments).output();
    let output = output.with_context(|| format!("could not run {what}"))?;
    if !output.status.success() {
        bail!("{what} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).with_context(|| format!("{what} is no text"))
}

/// What is wrong with a package, if anything.
fn fault(package: &Value) -> Option<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let version = package["version"].as_str().unwrap_or_default();
    if BANNED.contains(&name) {
        return Some(format!("  {name} {version} is banned"));
    }
    match package["source"].as_str() {
        Some(source) if !source.starts_with("registry+") && !source.starts_with("sparse+") => {
            return Some(format!("  {name} {version} comes from {source}"));
        }
        _ => (),
    }
    let licence = package["license"].as_str();
    match licence {
        Some(licence) if allowed(licence) => None,
        Some(licence) => Some(format!("  {name} {version} has the licence {licence}")),
        None => Some(format!("  {name} {version} names no licence")),
    }
}

/// Whether an SPDX expression can be met with allowed licences alone.
fn allowed(expression: &str) -> bool {
    let tokens = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = tokens.split_whitespace().collect();
    let mut at = 0;
    any_of(&tokens, &mut at) && at == tokens.len()
}

fn any_of(tokens: &[&str], at: &mut usize) -> bool {
    let mut met = all_of(tokens, at);
    while tokens.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all_of(tokens, at);
    }
    met
}

fn all_of(tokens: &[&str], at: &mut usize) -> bool {
    let mut met = one(tokens, at);
    while tokens.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(tokens, at);
    }
    met
}

fn one(tokens: &[&str], at: &mut usize) -> bool {
    let Some(&token) = tokens.get(*at) else { return false };
    *at += 1;
    if token == "(" {
        let met = any_of(tokens, at);
        *at += 1;
        return met;
    }
    if tokens.get(*at) == Some(&"WITH") {
        let licence = format!("{token} WITH {}", tokens.get(*at + 1).unwrap_or(&""));
        *at += 2;
        return ALLOWED.contains(&licence.as_str());
    }
    ALLOWED.contains(&token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_met_when_one_way_to_meet_it_is_allowed() {
        for good in ["MIT", "MIT OR GPL-3.0", "MIT/Apache-2.0", "(MIT OR GPL-2.0) AND Unicode-3.0"] {
            assert!(allowed(good), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND SSPL-1.0"] {
            assert!(!allowed(bad), "{bad}");
        }
        assert!(allowed("Apache-2.0 WITH LLVM-exception OR MIT"));
    }

    #[test]
    fn a_banned_package_or_a_git_source_is_named() {
        let package = |name: &str, source: &str| serde_json::json!({"name": name, "version": "1.0.0", "license": "MIT", "source": source});
        let registry = "registry+index";
        assert!(fault(&package("ring", registry)).is_some_and(|text| text.contains("ring 1.0.0 is banned")));
        assert!(fault(&package("x", "git+somewhere")).is_some());
        assert!(fault(&package("x", registry)).is_none());
    }
}
