//! Listeners, connections, and shutdown.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::oneshot,
};

use super::{
    connection::{Connection, ConnectionControl},
    dispatch::dispatch,
    handler::Handlers,
    origin::Origin,
    security::Security,
};
use crate::{config::Config, shared::Shared};

/// Two bound sockets that do not serve yet: their addresses are part of the state.
pub(crate) struct Listeners {
    api: TcpListener,
    storage: TcpListener,
    api_origin: String,
    storage_origin: String,
}

impl Listeners {
    pub(crate) fn bind(config: &Config) -> io::Result<Self> {
        let storage = config.storage_listen.unwrap_or_else(|| SocketAddr::new(config.listen.ip(), 0));
        let scheme = if config.tls { "https" } else { "http" };
        let (api, api_origin) = bind(config.listen, scheme)?;
        let (storage, storage_origin) = bind(storage, scheme)?;
        Ok(Self { api, storage, api_origin, storage_origin })
    }

    pub(crate) fn api_origin(&self) -> &str {
        &self.api_origin
    }

    pub(crate) fn storage_origin(&self) -> &str {
        &self.storage_origin
    }
}

fn bind(address: SocketAddr, scheme: &str) -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(address).map_err(|error| {
        let message = match error.kind() {
            io::ErrorKind::AddrInUse => format!("port {} is in use on {}", address.port(), address.ip()),
            _ => format!("cannot listen on {address}: {error}"),
        };
        io::Error::new(error.kind(), message)
    })?;
    listener.set_nonblocking(true)?;
    let mut bound = listener.local_addr()?;
    // Clients cannot connect to a wildcard address.
    match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => bound.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => bound.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok((listener, format!("{scheme}://{bound}")))
}

/// The serving thread. Dropping this stops it and waits until all its connections are closed.
#[derive(Debug)]
pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Joining fails only after a panic, which was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Serves both listeners on a separate runtime: tests may block the runtime that they run on, or have none.
pub(crate) fn start(listeners: Listeners, shared: &Arc<Shared>, handlers: Handlers) -> io::Result<Running> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("sbg-emulator")
        .enable_all()
        .build()?;
    let (stop, stopped) = oneshot::channel::<()>();
    {
        let _entered = runtime.enter();
        let connections = Arc::new(AtomicU64::new(0));
        let api = tokio::net::TcpListener::from_std(listeners.api)?;
        let storage = tokio::net::TcpListener::from_std(listeners.storage)?;
        runtime.spawn(accept(api, Arc::clone(shared), handlers, Origin::Api, Arc::clone(&connections)));
        runtime.spawn(accept(storage, Arc::clone(shared), handlers, Origin::Storage, connections));
    }
    let thread = std::thread::Builder::new().name("sbg-emulator".to_owned()).spawn(move || {
        // Nothing is ever sent: dropping the sender ends the wait.
        let _ = runtime.block_on(stopped);
        // This drops all tasks and with them the sockets, without waiting for requests in progress.
        drop(runtime);
    })?;
    Ok(Running { stop: Some(stop), thread: Some(thread) })
}

async fn accept(
    listener: tokio::net::TcpListener,
    shared: Arc<Shared>,
    handlers: Handlers,
    origin: Origin,
    connections: Arc<AtomicU64>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let number = connections.fetch_add(1, Ordering::Relaxed) + 1;
                tokio::spawn(serve(stream, Arc::clone(&shared), handlers, origin, number));
            }
            // Out of file descriptors, or a connection that went away: retry, but not in a busy loop.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, handlers: Handlers, origin: Origin, number: u64) {
    // Without it, small responses wait for acknowledgements. A socket that refuses the option is as good as closed.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let control = Arc::new(ConnectionControl::default());
    if let Some(bytes_per_second) = shared.config.bandwidth {
        control.limit(bytes_per_second);
    }
    let connection = Connection::new(stream, Arc::clone(&control));
    match &shared.security {
        Security::Plain => speak(connection, &shared, handlers, origin, number, &control).await,
        // A client that does not trust the certificate closes the connection during the handshake.
        #[cfg(feature = "tls")]
        Security::Tls(identity) => {
            if let Ok(connection) = identity.accept(connection).await {
                speak(connection, &shared, handlers, origin, number, &control).await;
            }
        }
    }
}

async fn speak(
    io: impl AsyncRead + AsyncWrite + Unpin + Send,
    shared: &Arc<Shared>,
    handlers: Handlers,
    origin: Origin,
    number: u64,
    control: &Arc<ConnectionControl>,
) {
    let service = service_fn(|request| {
        dispatch(Arc::clone(shared), handlers, origin, number, Arc::clone(control), request)
    });
    // An error means that the client disconnected or that a fault closed the connection.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(io), service).await;
}
