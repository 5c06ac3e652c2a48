//! The gateway process: it plays the platform for the client and is controlled by the witness.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::servers::{Installed, SECRET, Server, Servers};
use super::stores::{STORES, Store};

/// A running gateway. It is stopped when this value is dropped.
pub struct Gateway {
    process: Child,
    /// One command at a time.
    lines: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    pub endpoint: String,
    pub token: String,
}

impl Gateway {
    pub fn start(root: &Path, installed: &Installed, servers: &Servers, folder: &Path) -> Result<Self> {
        let stores = STORES.iter().map(|store| Ok((store.name.to_owned(), settings(store, servers)?)));
        let stores: Value = stores.collect::<Result<serde_json::Map<_, _>>>()?.into();
        let path = folder.join("stores.json");
        fs::write(&path, stores.to_string()).context("cannot write the settings of the gateway")?;
        let mut process = Command::new(installed.python())
            .arg(root.join("tests/witness/storage/gateway.py"))
            .arg(path)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // Proxies of this machine cannot reach the servers.
            .envs(["NO_PROXY", "no_proxy"].map(|name| (name, "127.0.0.1")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the gateway")?;
        let input = process.stdin.take().context("the gateway has no input")?;
        let output = BufReader::new(process.stdout.take().context("the gateway has no output")?);
        let lines = Mutex::new((input, output));
        let mut gateway = Self { process, lines, endpoint: String::new(), token: String::new() };
        let ready = gateway.exchange(None)?;
        let text = |name: &str| {
            ready[name].as_str().map(str::to_owned).with_context(|| format!("the gateway printed no {name}"))
        };
        (gateway.endpoint, gateway.token) = (text("endpoint")?, text("token")?);
        Ok(gateway)
    }

    /// Sends a command and returns the reply.
    pub fn command(&self, command: &Value) -> Result<Value> {
        let reply = self.exchange(Some(command))?;
        match reply["error"].as_str() {
            Some(error) => bail!("gateway command {command} failed: {error}"),
            None => Ok(reply),
        }
    }

    fn exchange(&self, command: Option<&Value>) -> Result<Value> {
        let mut lines = self.lines.lock().ok().context("another command has failed")?;
        let (input, output) = &mut *lines;
        if let Some(command) = command {
            writeln!(input, "{command}").context("the gateway has exited")?;
        }
        let mut line = String::new();
        output.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the gateway printed {line:?}"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The settings of a store.
fn settings(store: &Store, servers: &Servers) -> Result<Value> {
    let (url, folder) = servers.of(store.server)?;
    let s3 = |signature: &str, key: &str| json!({ "kind": "s3", "url": url, "signature": signature, "key": key, "secret": key });
    // Without a list of headers to report, the client reports the ETag if there is one.
    let files = |signature: Option<&str>, report: Value| {
        let (prefix, ending) = (store.prefix, store.ending);
        json!({
            "kind": "files", "url": url, "folder": folder, "prefix": prefix, "ending": ending,
            "signature": signature, "secret": SECRET, "report": report,
        })
    };
    Ok(match store.server {
        Server::Moto => s3("s3v4", "testing"),
        Server::S3rver => s3("s3", "S3RVER"),
        // The default account and key from the documentation of Azurite.
        Server::Azurite => json!({
            "kind": "azure",
            "url": format!("{url}/devstoreaccount1"),
            "account": "devstoreaccount1",
            "key": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
        }),
        Server::Nginx => files(Some("secure_link"), json!({ "headers": [] })),
        Server::Apache => files(Some("expression"), json!({})),
        Server::Lighttpd => files(None, json!({ "headers": [] })),
    })
}
