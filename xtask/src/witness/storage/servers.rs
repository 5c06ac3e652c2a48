//! The servers: installs them, starts each on a free loopback port with its own folder, and stops them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use xtask_process::{once, output, virtual_environment};

/// The key that signs URLs on the web servers.
pub const SECRET: &str = "no-secret";

/// Maximum time until a server listens.
const START: Duration = Duration::from_secs(60);

/// The first port for servers. The system does not use this range for outgoing connections, which could otherwise take the port of a slow
/// server.
const PORTS: u16 = 20_000;

/// The folder of the Apache modules on Debian.
const APACHE_MODULES: &str = "/usr/lib/apache2/modules";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Moto,
    S3rver,
    Azurite,
    Nginx,
    Apache,
    Lighttpd,
}

const SERVERS: [Server; 6] =
    [Server::Moto, Server::S3rver, Server::Azurite, Server::Nginx, Server::Apache, Server::Lighttpd];

/// Programs that are not Debian packages.
pub struct Installed {
    /// The virtual environment of the gateway and of moto.
    python: PathBuf,
    node_modules: PathBuf,
}

impl Installed {
    pub fn python(&self) -> PathBuf {
        self.python.join("bin/python")
    }
}

/// Installs the Python and Node packages unless they exist. `versions` are those of Python, Node and npm.
pub fn install(root: &Path, versions: &str) -> Result<Installed> {
    let (sources, target) = (root.join("tests/witness/storage"), root.join("target/witness/storage"));
    let python = target.join("venv");
    virtual_environment(&python, &sources.join("requirements.txt"), versions)?;
    let (node, manifest) = (target.join("node"), sources.join("package.json"));
    once(&node, &[&manifest], versions, "node: install packages", || {
        fs::copy(&manifest, node.join("package.json")).context("cannot copy package.json")?;
        let npm = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
        output(Command::new("npm").args(npm).current_dir(&node))
    })?;
    Ok(Installed { python, node_modules: node.join("node_modules") })
}

impl Server {
    pub fn name(self) -> &'static str {
        match self {
            Self::Moto => "moto",
            Self::S3rver => "s3rver",
            Self::Azurite => "Azurite",
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::Lighttpd => "lighttpd",
        }
    }

    /// The configuration file in `tests/witness/storage`, for servers without command line arguments.
    fn configuration(self) -> Option<&'static str> {
        match self {
            Self::Nginx => Some("nginx.conf"),
            Self::Apache => Some("apache.conf"),
            Self::Lighttpd => Some("lighttpd.conf"),
            Self::Moto | Self::S3rver | Self::Azurite => None,
        }
    }

    /// The program and its arguments. It must not fork, so that a kill leaves no process.
    fn command(self, installed: &Installed, port: u16, folder: &Path) -> Command {
        let port = port.to_string();
        let node = |script: &str| {
            let mut node = Command::new("node");
            node.arg(installed.node_modules.join(script));
            node
        };
        let with = |program: &str, arguments: &[&OsStr]| {
            let mut command = system_program(program);
            command.args(arguments);
            command
        };
        let configuration = folder.join("configuration");
        let configuration = configuration.as_os_str();
        match self {
            Self::Moto => {
                let mut moto = Command::new(installed.python.join("bin/moto_server"));
                moto.args(["-H", "127.0.0.1", "-p", &port]);
                moto
            }
            Self::S3rver => {
                let mut s3rver = node("s3rver/bin/s3rver.js");
                s3rver.args(["-a", "127.0.0.1", "-p", &port, "-d"]).arg(folder.join("objects"));
                s3rver
            }
            Self::Azurite => {
                let mut azurite = node("azurite/dist/src/blob/main.js");
                azurite.args(["--blobHost", "127.0.0.1", "--blobPort", &port, "--location"]).arg(folder);
                // The Python library may be newer than Azurite.
                azurite.args(["--disableTelemetry", "--skipApiVersionCheck"]);
                azurite
            }
            Self::Nginx => {
                let log = folder.join("error.log");
                with("nginx", &["-e".as_ref(), log.as_os_str(), "-c".as_ref(), configuration])
            }
            Self::Apache => {
                let mut apache = with("apache2", &["-X".as_ref(), "-f".as_ref(), configuration]);
                // The times in its signatures have no time zone.
                apache.env("TZ", "UTC");
                apache
            }
            Self::Lighttpd => with("lighttpd", &["-D".as_ref(), "-f".as_ref(), configuration]),
        }
    }

    fn version(self, root: &Path) -> Result<String> {
        let pinned = |file: &str, before: &str, after: &str| {
            let path = root.join("tests/witness/storage").join(file);
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let (_, rest) =
                text.split_once(before).with_context(|| format!("{file} pins no {}", self.name()))?;
            Ok(rest.split(after).next().unwrap_or(rest).to_owned())
        };
        match self {
            Self::Moto => pinned("requirements.txt", "moto==", "\n"),
            Self::S3rver => pinned("package.json", "\"s3rver\": \"", "\""),
            Self::Azurite => pinned("package.json", "\"azurite\": \"", "\""),
            Self::Nginx => printed_version("nginx"),
            Self::Apache => printed_version("apache2"),
            Self::Lighttpd => printed_version("lighttpd"),
        }
    }
}

/// A program of a Debian package, whose folder may not be in the path.
fn system_program(name: &str) -> Command {
    let path = Path::new("/usr/sbin").join(name);
    if path.exists() { Command::new(path) } else { Command::new(name) }
}

/// The version `name/1.2.3` that a web server prints to its output or error output.
fn printed_version(program: &str) -> Result<String> {
    let missing = "install the packages nginx-light, apache2, lighttpd and lighttpd-mod-webdav";
    let ran = system_program(program).arg("-v").output();
    let ran = ran.with_context(|| format!("cannot run {program}: {missing}"))?;
    let printed = [ran.stdout, ran.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    let version = printed.split_whitespace().find_map(|word| Some(word.split_once('/')?.1.to_owned()));
    version.with_context(|| format!("{program} does not print its version: {printed}"))
}

/// A running server. It is stopped when this value is dropped.
struct Running {
    server: Server,
    version: String,
    port: u16,
    folder: PathBuf,
    process: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// All servers.
pub struct Servers(Vec<Running>);

impl Servers {
    /// Starts all servers, each with its own folder below `folder`, and waits until they listen.
    pub fn start(root: &Path, installed: &Installed, folder: &Path) -> Result<Self> {
        // The web servers may run as another user and need access.
        open_to_all(folder)?;
        // Parallel runs start at different ports.
        let mut ports = PORTS + u16::try_from(process::id() % 8000)?..=PORTS + 9999;
        let mut servers = Vec::new();
        for server in SERVERS {
            servers.push(start(root, installed, server, &folder.join(server.name()), &mut ports)?);
        }
        for running in &mut servers {
            wait(running)?;
        }
        Ok(Self(servers))
    }

    /// The URL of a server, and its folder.
    pub fn of(&self, server: Server) -> Result<(String, &Path)> {
        let running = self.0.iter().find(|running| running.server == server);
        let running = running.with_context(|| format!("{} is not running", server.name()))?;
        Ok((format!("http://127.0.0.1:{}", running.port), &running.folder))
    }

    /// Names and versions, separated by commas.
    pub fn versions(&self) -> String {
        let versions = self.0.iter().map(|running| format!("{} {}", running.server.name(), running.version));
        versions.collect::<Vec<_>>().join(", ")
    }
}

/// The next free port.
fn free_port(ports: &mut RangeInclusive<u16>) -> Result<u16> {
    let free = ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.context("no free loopback port")
}

fn start(
    root: &Path,
    installed: &Installed,
    server: Server,
    folder: &Path,
    ports: &mut RangeInclusive<u16>,
) -> Result<Running> {
    let version = server.version(root)?;
    for part in ["", "objects", "parts", "tmp"] {
        let path = folder.join(part);
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        open_to_all(&path)?;
    }
    let port = free_port(ports)?;
    if let Some(file) = server.configuration() {
        let template = fs::read_to_string(root.join("tests/witness/storage").join(file))
            .with_context(|| format!("cannot read {file}"))?;
        let path = folder.to_str().context("the path of the temporary folder is not UTF-8")?;
        let filled = [
            ("@PORT@", port.to_string().as_str()),
            ("@FOLDER@", path),
            ("@SECRET@", SECRET),
            ("@MODULES@", APACHE_MODULES),
        ]
        .iter()
        .fold(template, |text, (name, value)| text.replace(name, value));
        fs::write(folder.join("configuration"), filled).with_context(|| format!("cannot write {file}"))?;
    }
    let log = File::create(folder.join("output.log")).context("cannot write a log")?;
    let mut command = server.command(installed, port, folder);
    command.current_dir(folder).stdout(log.try_clone()?).stderr(log);
    let process = command.spawn().with_context(|| format!("cannot start {}", server.name()))?;
    Ok(Running { server, version, port, folder: folder.to_owned(), process })
}

/// Waits until a server listens.
fn wait(running: &mut Running) -> Result<()> {
    let began = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, running.port)).is_err() {
        let ended = running.process.try_wait()?;
        if ended.is_some() || began.elapsed() > START {
            let log = fs::read_to_string(running.folder.join("output.log")).unwrap_or_default();
            let ended =
                ended.map_or_else(|| "does not listen".to_owned(), |status| format!("exited ({status})"));
            bail!("{} {ended}: {log}", running.server.name());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[cfg(unix)]
fn open_to_all(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let everybody = fs::Permissions::from_mode(0o777);
    fs::set_permissions(folder, everybody).with_context(|| format!("cannot open {}", folder.display()))
}

#[cfg(not(unix))]
fn open_to_all(_folder: &Path) -> Result<()> {
    bail!("this task needs Debian packages")
}
