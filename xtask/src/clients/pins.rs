//! The versions of the generators, as their packages are pinned.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::clients::matrix::{Client, Generator};

/// The pinned packages.
#[derive(Default)]
pub struct Pins {
    /// `requirements.txt`.
    python: String,
    /// `package.json`.
    node: Value,
}

impl Pins {
    /// Reads the pins below `xtask/clients`.
    pub fn read(sources: &Path) -> Result<Self> {
        let read = |name: &str| {
            fs::read_to_string(sources.join(name)).with_context(|| format!("cannot read {name}"))
        };
        Ok(Self {
            python: read("python/requirements.txt")?,
            node: serde_json::from_str(&read("typescript/package.json")?)
                .context("package.json is not JSON")?,
        })
    }

    /// Name and version of the generator of a client.
    pub fn generator(&self, client: &Client) -> String {
        match client.generator {
            Generator::Jar(target, _) => {
                format!("OpenAPI Generator {}, `{target}`", self.version("openapi-generator-cli"))
            }
            Generator::Node(package, ..) | Generator::Python(package, ..) => {
                format!("{package} {}", self.version(package))
            }
        }
    }

    /// The version of a package of Node or Python.
    pub fn version(&self, package: &str) -> &str {
        let node = self.node["devDependencies"][package].as_str();
        let python = || self.python.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
        node.or_else(python).unwrap_or_default()
    }
}

impl Generator {
    /// The options that a user has to pass, as Markdown.
    pub fn options(&self) -> String {
        match self {
            Self::Jar(_, options) => {
                options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(" ")
            }
            Self::Node(_, _, _, options) | Self::Python(_, _, _, options) => (*options).to_owned(),
        }
    }
}
