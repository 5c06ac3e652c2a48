//! `cargo xtask witness pages`: opens the reference of the API and the console of the emulator in Chromium, as `xtask/docs/pages.mjs` says.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::docs;
use crate::emulator::Emulator;
use xtask_process::{NODE, NPM, once, output, step, tee, versions};

/// Where Chromium may be.
const BROWSERS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// Checks both pages and returns a summary. Screenshots are kept in `target/docs`.
pub fn run(root: &Path) -> Result<String> {
    let versions = versions(&[&NODE, &NPM])?;
    let browser = BROWSERS.iter().find(|path| Path::new(path).exists());
    let browser = browser.context("there is no Chromium: apt-get install chromium")?;
    let page = docs::run(root)?;
    let folder = root.join("target/docs/pages");
    fs::create_dir_all(&folder).context("cannot create target/docs/pages")?;
    let names = [".npmrc", "package.json", "package-lock.json", "pages.mjs"];
    for name in names {
        fs::copy(root.join("xtask/docs").join(name), folder.join(name))
            .with_context(|| format!("cannot copy {name}"))?;
    }
    let [npmrc, manifest, lock, script] = names.map(|name| folder.join(name));
    once(
        &folder.join("node_modules"),
        &[&npmrc, &manifest, &lock],
        &versions,
        "pages: install packages",
        || {
            let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
            output(Command::new("npm").args(npm).current_dir(&folder))
        },
    )?;
    let file = page.to_str().context("the path of the workspace is not UTF-8")?;
    let arguments = ["--demo", "--docs", file, "--fault", "storage:every=1000:503"];
    let emulator = step("emulator: build and start", || Emulator::start(root, &arguments))?;
    let mut checks = 0;
    let mut node = Command::new("node");
    node.arg(script).args([browser, file]).current_dir(&folder);
    tee(emulator.configure(&mut node), |line| checks += usize::from(line.starts_with("ok ")))?;
    ensure!(checks > 0, "nothing was checked");
    Ok(format!("{checks} checks of the reference and the console in Chromium"))
}
