//! Ballista on the files of the platform: the scheduler, executors, and queries; and a small cluster of processes on this machine.

use std::io::Read as _;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use arrow_flight::flight_service_server::FlightServiceServer;
use ballista::prelude::{SessionConfigExt as _, SessionContextExt as _};
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::error::BallistaError;
use ballista_core::utils::{GrpcServerConfig, create_grpc_server};
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_executor::flight_service::BallistaFlightService;
use ballista_executor::shutdown::Shutdown;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion::arrow::array::RecordBatch;
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio_stream::wrappers::TcpListenerStream;

use crate::tables::{Schemas, state, url_in};
use crate::{Stores, client};

/// How long processes that were asked to end may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a query on a cluster is planned with. An executor that reads a file asks for its metadata, whatever the planner has read: so the
/// planner reads none, and a file is read by one executor.
fn config() -> SessionConfig {
    SessionConfig::new_with_ballista().with_collect_statistics(false).with_repartition_file_scans(false)
}

/// Runs a scheduler until the process ends. Prints the address that executors and queries connect to, as its first line.
pub async fn scheduler(address: SocketAddr, processes: usize) -> Result<()> {
    let client = client(processes)?;
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    let builder = move |config| {
        let stores = Arc::new(Stores::new(client.clone()));
        let runtime = RuntimeEnvBuilder::new().with_object_store_registry(stores).build_arc()?;
        let builder = SessionStateBuilder::new().with_config(config).with_runtime_env(runtime);
        Ok(builder.with_default_features().build())
    };
    let config = SchedulerConfig::default()
        .with_hostname(address.ip().to_string())
        .with_port(address.port())
        .with_scheduler_policy(TaskSchedulingPolicy::PullStaged)
        .with_override_config_producer(Arc::new(config))
        .with_override_session_builder(Arc::new(builder));
    let cluster = BallistaCluster::new_from_config(&config).await?;
    let scheduler = create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config)).await?;
    println!("{address}");
    Ok(start_grpc_service_with_listener(listener, scheduler).await?)
}

/// Runs an executor of this scheduler until the process ends. Other executors and queries fetch results from its address.
pub async fn executor(scheduler: &str, address: SocketAddr, processes: usize) -> Result<()> {
    let (host, port) = scheduler.rsplit_once(':').context("the address of a scheduler is HOST:PORT")?;
    let client = client(processes)?;
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    let folder = tempfile::tempdir()?;
    // One registry for all tasks, so that they share signed URLs and paths.
    let (stores, temporary) = (Arc::new(Stores::new(client)), folder.path().to_owned());
    let runtime = move |_: &SessionConfig| {
        let builder = RuntimeEnvBuilder::new().with_object_store_registry(stores.clone());
        builder.with_temp_file_path(&temporary).build_arc()
    };
    // The socket is bound here, so the port may be any that is free.
    let listener = Mutex::new(Some(listener));
    let flight = move |folder: String, _: SocketAddr, mut shutdown: Shutdown, config: GrpcServerConfig| {
        let listener = listener.lock().ok().and_then(|mut listener| listener.take());
        tokio::spawn(async move {
            let Some(listener) = listener else { return Ok(()) };
            let service = FlightServiceServer::new(BallistaFlightService::new(folder));
            let server = create_grpc_server(&config).add_service(service);
            let connections = TcpListenerStream::new(listener);
            let served = server.serve_with_incoming_shutdown(connections, shutdown.recv()).await;
            served.map_err(BallistaError::TonicError)
        })
    };
    let config = ExecutorProcessConfig {
        bind_host: address.ip().to_string(),
        external_host: Some(address.ip().to_string()),
        port: address.port(),
        scheduler_host: host.to_owned(),
        scheduler_port: port.parse().context("the port of the scheduler is a number")?,
        scheduler_connect_timeout_seconds: 30,
        task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
        work_dir: Some(folder.path().to_string_lossy().into_owned()),
        override_config_producer: Some(Arc::new(config)),
        override_runtime_producer: Some(Arc::new(runtime)),
        override_arrow_flight_service: Some(Arc::new(flight)),
        ..ExecutorProcessConfig::default()
    };
    println!("{address}");
    Ok(start_executor_process(Arc::new(config)).await?)
}

/// Runs a query on a cluster, whose executors write the rows to a Parquet file of the project. Returns its URL and the number of rows.
pub async fn query(
    scheduler: &str,
    project: &str,
    sql: &str,
    result: &str,
    processes: usize,
) -> Result<(String, u64)> {
    let state = state(client(processes)?, project, config(), Schemas::OfFirstFile)?;
    let context = SessionContext::remote_with_state(&format!("df://{scheduler}"), state).await?;
    let url = url_in(project, result)?.to_string();
    let options = DataFrameWriteOptions::new().with_single_file_output(true);
    let written = context.sql(sql).await?.write_parquet(&url, options, None).await?;
    Ok((url, count(&written)?))
}

/// The number of rows that a write reports.
fn count(written: &[RecordBatch]) -> Result<u64> {
    use datafusion::arrow::array::AsArray as _;
    use datafusion::arrow::datatypes::UInt64Type;
    let counts = written.iter().filter_map(|batch| batch.columns().first());
    let counts =
        counts.map(|column| column.as_primitive_opt::<UInt64Type>().context("the write reports no number"));
    counts.map(|counts| Ok(counts?.iter().flatten().sum::<u64>())).sum()
}

/// A scheduler and executors as processes of this machine. They end with this process, however it ends.
#[derive(Debug)]
pub struct Cluster {
    scheduler: String,
    processes: Vec<Child>,
}

impl Cluster {
    /// Starts this program as a scheduler and executors. All of them, and this process, share the rate limit of the token.
    pub async fn start(executors: usize) -> Result<Self> {
        let all = executors + 2;
        let (scheduler, address) = start(&["scheduler", "127.0.0.1:0"], all).await?;
        let mut cluster = Self { scheduler: address, processes: vec![scheduler] };
        for _ in 0..executors {
            let (executor, _) = start(&["executor", &cluster.scheduler, "127.0.0.1:0"], all).await?;
            cluster.processes.push(executor);
        }
        Ok(cluster)
    }

    /// Number of processes that share the token, with this one.
    pub fn processes(&self) -> usize {
        self.processes.len() + 1
    }

    /// The address of the scheduler.
    pub fn scheduler(&self) -> &str {
        &self.scheduler
    }

    /// Ends the processes: executors first, which delete their temporary files.
    pub async fn stop(mut self) -> Result<()> {
        while let Some(mut process) = self.processes.pop() {
            drop(process.stdin.take());
            if tokio::time::timeout(PATIENCE, process.wait()).await.is_err() {
                process.kill().await?;
                bail!("a process of the cluster did not end by itself");
            }
        }
        Ok(())
    }
}

/// Starts this program in another role, and waits for the address that it prints.
async fn start(role: &[&str], processes: usize) -> Result<(Child, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--attached", "--processes", &processes.to_string()]).args(role);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut process = command.spawn().context("cannot start a process of the cluster")?;
    let output = process.stdout.take().context("the process has an output")?;
    let mut address = String::new();
    BufReader::new(output).read_line(&mut address).await?;
    ensure!(!address.is_empty(), "the {} did not start", role[0]);
    Ok((process, address.trim().to_owned()))
}

/// Waits until the standard input ends, which the starting process holds open.
pub async fn input_ends() {
    let (ended, end) = tokio::sync::oneshot::channel();
    // A thread of its own: a runtime waits for its blocking tasks when it ends.
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        drop(std::io::stdin().lock().read_to_end(&mut rest));
        drop(ended);
    });
    let _ended: Result<(), _> = end.await;
}
