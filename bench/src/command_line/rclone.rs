//! rclone: two `WebDAV` servers on this machine, and a sync between them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use xtask_process::output;

/// The version of the installed program.
///
/// # Errors
///
/// It is not installed.
pub fn version() -> Result<String> {
    let printed = output(Command::new("rclone").arg("version"));
    let printed = printed.context("rclone is not installed: apt-get install rclone")?;
    Ok(printed.lines().next().unwrap_or_default().to_owned())
}

/// A server of a folder. It is stopped when this is dropped.
pub struct Server {
    process: Child,
    url: String,
}

impl Server {
    pub fn start(folder: &Path) -> Result<Self> {
        let mut command = rclone();
        command.args(["serve", "webdav", "--addr", "127.0.0.1:0"]).arg(folder);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut process = process.context("cannot start rclone")?;
        let log = process.stderr.take().context("rclone has no error output")?;
        let mut server = Self { process, url: String::new() };
        let mut log = BufReader::new(log);
        let mut line = String::new();
        while server.url.is_empty() {
            line.clear();
            ensure!(log.read_line(&mut line)? > 0, "the server of rclone has ended");
            let start = line.find("http://");
            let url = start.map(|start| line[start..].trim_end().trim_end_matches([']', '/']));
            url.unwrap_or_default().clone_into(&mut server.url);
        }
        // Whatever it logs later must not block it.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes the folder of the second server like that of the first.
pub fn sync(source: &Server, target: &Server) -> Command {
    let mut command = rclone();
    let [source, target] = [source, target].map(|server| format!(":webdav,url='{}':", server.url));
    command.args(["sync", &source, &target]);
    command
}

/// An rclone without the settings of the user and the proxies of this machine.
fn rclone() -> Command {
    let mut command = Command::new("rclone");
    command.args(["--config", ""]);
    for name in ["NO_PROXY", "no_proxy"] {
        command.env(name, "127.0.0.1");
    }
    command
}
