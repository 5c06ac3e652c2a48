//! What each language needs, and how a client is compiled.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::Workshop;
use crate::clients::guides;
use crate::clients::matrix::{Client, Generator, Language};
use xtask_process::{cargo, empty, output};

/// Where Debian has the annotations that the Java client uses.
const ANNOTATIONS: [&str; 2] = ["/usr/share/java/jakarta-annotation-api.jar", "/usr/share/java/jsr305.jar"];

/// A command that works where a language is installed, and the packages of Debian.
fn need(language: Language) -> Option<(&'static str, &'static [&'static str], &'static str)> {
    match language {
        // This program was built with Rust.
        Language::Python | Language::Models | Language::TypeScript | Language::Rust => None,
        Language::Java => Some((
            "javac",
            &["-version"],
            "default-jdk-headless libjakarta-annotation-api-java libjsr305-java",
        )),
        Language::Go => Some(("go", &["version"], "golang-go")),
        Language::Php => Some((
            "php",
            &["-r", "require 'GuzzleHttp/autoload.php'; exit(extension_loaded('curl') ? 0 : 1);"],
            "php-cli php-curl php-mbstring php-guzzlehttp-guzzle",
        )),
        Language::Ruby => Some(("ruby", &["-e", "require 'typhoeus'"], "ruby ruby-typhoeus")),
        Language::R => Some((
            "Rscript",
            &["-e", "for (name in c('httr2', 'jsonlite', 'R6', 'stringr', 'base64enc')) loadNamespace(name)"],
            "r-base-core r-cran-httr2 r-cran-jsonlite r-cran-r6 r-cran-stringr r-cran-base64enc",
        )),
    }
}

/// What is missing to generate, compile or run a client.
pub fn missing(client: &Client) -> Option<String> {
    let works = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|ran| ran.status.success())
    };
    if matches!(client.generator, Generator::Jar(..)) && !works("java", &["-version"]) {
        return Some("java is missing: apt-get install default-jre-headless".to_owned());
    }
    let (program, arguments, packages) = need(client.language)?;
    let annotated =
        client.language != Language::Java || ANNOTATIONS.iter().all(|jar| Path::new(jar).exists());
    if works(program, arguments) && annotated {
        None
    } else {
        Some(format!("{program} or its libraries are missing: apt-get install {packages}"))
    }
}

/// The programs that use a client.
pub struct Programs {
    pub scenario: Command,
    /// The program of its guide.
    pub guide: Option<Command>,
}

/// Compiles a client and its programs.
pub fn compile(workshop: &Workshop<'_>, client: &Client) -> Result<Programs> {
    let code = workshop.code(client);
    let guide = guides::program(client.name).map(|program| workshop.sources.join(program));
    match client.language {
        Language::Python => python(workshop, client, &code, guide),
        Language::TypeScript => typescript(workshop, client, guide.is_some()),
        Language::Java => java(workshop, &code),
        Language::Go => go(workshop, &code),
        Language::Php => {
            each_file(&code.join("lib"), "php", |file| {
                output(Command::new("php").arg("-l").arg(file)).map(drop)
            })?;
            let mut scenario = Command::new("php");
            scenario.arg(workshop.sources.join("php/scenario.php")).arg(code);
            Ok(Programs { scenario, guide: None })
        }
        Language::Ruby => {
            each_file(&code.join("lib"), "rb", |file| {
                output(Command::new("ruby").arg("-c").arg(file)).map(drop)
            })?;
            let mut scenario = Command::new("ruby");
            scenario.arg("-I").arg(code.join("lib")).arg(workshop.sources.join("ruby/scenario.rb"));
            Ok(Programs { scenario, guide: None })
        }
        Language::R => {
            let library = code.join("library");
            empty(&library)?;
            let mut install = Command::new("R");
            install.args(["CMD", "INSTALL", "--no-docs", "--no-byte-compile", "--no-test-load", "--library"]);
            output(install.arg(&library).arg(&code))?;
            let run = |program: PathBuf| {
                let mut r = Command::new("Rscript");
                r.arg(program).env("R_LIBS", &library);
                r
            };
            Ok(Programs { scenario: run(workshop.sources.join("r/scenario.R")), guide: guide.map(run) })
        }
        Language::Rust => rust(workshop),
        Language::Models => models(workshop, &code),
    }
}

fn python(workshop: &Workshop<'_>, client: &Client, code: &Path, guide: Option<PathBuf>) -> Result<Programs> {
    let (sources, name) = (workshop.sources.join("python"), client.name.replace('-', "_"));
    match client.generator {
        // The other client has no types for what it does inside.
        Generator::Python(..) => {
            let mut mypy = Command::new(workshop.python("mypy"));
            mypy.arg("--config-file")
                .arg(sources.join("mypy.ini"))
                .arg("--cache-dir")
                .arg(workshop.target.join("mypy"));
            mypy.arg(code.join("sbg_client"))
                .args([sources.join("scenario.py"), sources.join(format!("{name}.py"))]);
            output(mypy.env("MYPYPATH", code))?;
        }
        _ => {
            let compile = ["-W", "error", "-m", "compileall", "-q"];
            output(Command::new(workshop.python("python")).args(compile).arg(code))?;
        }
    }
    let run = |program: PathBuf| {
        let mut python = Command::new(workshop.python("python"));
        python.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONPATH", code).arg(program);
        python
    };
    let mut scenario = run(sources.join("scenario.py"));
    scenario.arg(name);
    Ok(Programs { scenario, guide: guide.map(run) })
}

fn typescript(workshop: &Workshop<'_>, client: &Client, has_guide: bool) -> Result<Programs> {
    let (sources, folder) = (workshop.sources.join("typescript"), workshop.target.join("typescript"));
    let copy = |name: &str| {
        fs::copy(sources.join(name), folder.join(name)).with_context(|| format!("cannot copy {name}"))
    };
    copy("scenario.ts")?;
    let compile = |name: &str| -> Result<Command> {
        let program = format!("{name}.ts");
        copy(&program)?;
        let options =
            fs::read_to_string(sources.join("tsconfig.json")).context("cannot read tsconfig.json")?;
        let mut options: serde_json::Value =
            serde_json::from_str(&options).context("tsconfig.json is not JSON")?;
        options["files"] = serde_json::json!([program]);
        let project = folder.join(format!("{name}.tsconfig.json"));
        fs::write(&project, options.to_string()).context("cannot write the options of tsc")?;
        output(workshop.node("tsc").arg("--project").arg(project))?;
        let bundle = folder.join("out").join(format!("{name}.cjs"));
        let mut esbuild = Command::new(folder.join("node_modules/.bin/esbuild"));
        esbuild.args(["--bundle", "--platform=node", "--log-level=error"]);
        output(esbuild.arg(format!("--outfile={}", bundle.display())).arg(folder.join(program)))?;
        let mut node = Command::new(workshop.newer_node());
        node.arg(bundle);
        Ok(node)
    };
    let guide = if has_guide { Some(compile("guide")?) } else { None };
    Ok(Programs { scenario: compile(client.name)?, guide })
}

fn java(workshop: &Workshop<'_>, code: &Path) -> Result<Programs> {
    let classes = code.join("classes");
    empty(&classes)?;
    let jars = [classes.clone(), workshop.jar()?].into_iter().chain(ANNOTATIONS.map(PathBuf::from));
    let jars = std::env::join_paths(jars)?;
    let list = code.join("files");
    let mut files = String::new();
    for folder in [code.join("src/main/java"), workshop.sources.join("java")] {
        each_file(&folder, "java", |file| {
            files.push_str(&file.to_string_lossy());
            files.push('\n');
            Ok(())
        })?;
    }
    fs::write(&list, files).context("cannot write the list of files")?;
    let mut javac = Command::new("javac");
    javac.args(["-nowarn", "-proc:none", "-d"]).arg(&classes).arg("-cp").arg(&jars);
    output(javac.arg(format!("@{}", list.display())))?;
    let run = |class: &str| {
        let mut java = Command::new("java");
        java.arg("-cp").arg(&jars).arg(class);
        java
    };
    Ok(Programs { scenario: run("Scenario"), guide: Some(run("Guide")) })
}

fn go(workshop: &Workshop<'_>, code: &Path) -> Result<Programs> {
    let build = |name: &str| -> Result<Command> {
        let folder = code.join(name);
        empty(&folder)?;
        let source = workshop.sources.join("go").join(format!("{name}.go"));
        fs::copy(source, folder.join("main.go")).with_context(|| format!("cannot copy {name}.go"))?;
        let program = folder.join("program");
        // The generated code has no dependencies, so nothing is fetched.
        let mut go = Command::new("go");
        go.current_dir(code).envs([("GOFLAGS", "-mod=mod"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local")]);
        go.env("GOCACHE", workshop.target.join("go-cache"));
        output(go.args(["build", "-o"]).arg(&program).arg(format!("./{name}")))?;
        Ok(Command::new(program))
    };
    Ok(Programs { scenario: build("scenario")?, guide: Some(build("guide")?) })
}

fn rust(workshop: &Workshop<'_>) -> Result<Programs> {
    // Its manifest expects the client beside it.
    let folder = workshop.target.join("rust-scenario");
    fs::create_dir_all(&folder).context("cannot create a folder for the program")?;
    for name in ["Cargo.toml", "Cargo.lock", "scenario.rs"] {
        fs::copy(workshop.sources.join("rust").join(name), folder.join(name))
            .with_context(|| format!("cannot copy {name}"))?;
    }
    output(cargo(&folder).args(["build", "--quiet", "--locked", "--target-dir"]).arg(folder.join("target")))?;
    Ok(Programs { scenario: Command::new(folder.join("target/debug/scenario")), guide: None })
}

fn models(workshop: &Workshop<'_>, code: &Path) -> Result<Programs> {
    let module = code.with_extension("py");
    output(Command::new(workshop.python("python")).args(["-W", "error", "-m", "py_compile"]).arg(&module))?;
    let mut scenario = Command::new(workshop.python("python"));
    scenario.arg(workshop.sources.join("python/models.py")).arg(module).arg(&workshop.document);
    Ok(Programs { scenario, guide: None })
}

/// Calls `work` with every file of this kind below `folder`.
fn each_file(folder: &Path, extension: &str, mut work: impl FnMut(&Path) -> Result<()>) -> Result<()> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                work(&path)?;
            }
        }
    }
    Ok(())
}
