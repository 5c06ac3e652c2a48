//! The emulator as a program, on its own and as a command of `sbg`: prints how to connect to it, then serves until it is interrupted.

mod options;

use std::{
    fs,
    io::{self, Write as _},
    path::{self, Path},
};

use crate::emulator::Emulator;

pub use self::options::Options;

/// Starts an emulator, prints `export` lines that point a client at it, and serves until the process is interrupted.
///
/// ```no_run
/// use clap::Parser as _;
/// use sbg_emulator::program::{self, Options};
///
/// program::run(Options::parse_from(["sbg-emulator", "--demo"]))?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// An address that cannot be listened on, a folder that cannot be used, or an output that cannot be written.
pub fn run(options: Options) -> io::Result<()> {
    let trust_folder = options.trust_folder();
    let emulator = options.into_builder().start_blocking()?;
    let authority = trust_folder.map(|folder| write_authority(&emulator, &folder)).transpose()?;
    let mut out = io::stdout().lock();
    writeln!(out, "export SB_API_ENDPOINT={}", emulator.url())?;
    writeln!(out, "export SB_AUTH_TOKEN={}", quoted(&emulator.token()))?;
    if let Some(file) = authority {
        // The first is for the official Python client, the second for OpenSSL, rustls and Go.
        for name in ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"] {
            writeln!(out, "export {name}={}", quoted(&file))?;
        }
    }
    out.flush()?;
    drop(out);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(interrupted())
}

/// Waits for an interrupt from the keyboard or a termination signal.
async fn interrupted() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Writes the certificate that clients have to trust, and returns its path.
fn write_authority(emulator: &Emulator, folder: &Path) -> io::Result<String> {
    let file = path::absolute(folder)?.join("ca.pem");
    let explain =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot write {}: {error}", file.display()));
    fs::create_dir_all(folder).map_err(explain)?;
    fs::write(&file, emulator.ca_pem().unwrap_or_default()).map_err(explain)?;
    Ok(file.to_string_lossy().into_owned())
}

/// Quotes a value for a shell.
fn quoted(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/:._-[]".contains(&byte);
    if value.bytes().all(plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}
