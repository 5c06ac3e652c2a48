//! The state of the platform and its rules, without HTTP. One file an area; each change is made after all checks.

pub(crate) mod apps;
pub(crate) mod automation_runs;
pub(crate) mod automations;
pub(crate) mod billing;
mod bucket_dir;
pub(crate) mod buckets;
pub(crate) mod cwl;
pub(crate) mod datasets;
mod demo;
pub(crate) mod divisions;
pub(crate) mod drs;
pub(crate) mod exports;
mod feedback;
pub(crate) mod file_jobs;
pub(crate) mod files;
pub(crate) mod folders;
mod ids;
pub(crate) mod imports;
pub(crate) mod markers;
pub(crate) mod members;
mod overview;
pub(crate) mod permissions;
pub(crate) mod price;
mod project_members;
pub(crate) mod projects;
mod public_apps;
mod public_files;
mod scheduler;
pub(crate) mod search;
pub(crate) mod search_query;
mod seed;
pub(crate) mod service;
mod task_inputs;
mod task_outputs;
mod task_runs;
pub(crate) mod tasks;
pub(crate) mod tools;
pub(crate) mod uploads;
pub(crate) mod users;
pub(crate) mod volumes;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{clock::Clock, config::Config, state::store::Store};

use self::{
    apps::App,
    automation_runs::Run,
    automations::{Automation, Package},
    billing::Ledger,
    buckets::Bucket,
    datasets::Dataset,
    drs::DrsImport,
    exports::Export,
    file_jobs::FileJob,
    files::{Content, FileNode},
    ids::Ids,
    imports::Import,
    markers::Marker,
    projects::Project,
    scheduler::Scheduler,
    tasks::Task,
    uploads::{PartPolicy, Upload},
    users::{BillingGroup, Division, Team, Users},
    volumes::Volume,
};

/// The state of the platform.
#[derive(Deserialize, Serialize)]
pub(crate) struct World {
    #[serde(skip)]
    pub(crate) clock: Clock,
    #[serde(skip)]
    pub(crate) store: Arc<Store>,
    pub(crate) users: Users,
    pub(crate) divisions: BTreeMap<String, Division>,
    pub(crate) teams: BTreeMap<String, Team>,
    pub(crate) billing_groups: Vec<BillingGroup>,
    #[serde(alias = "agenda")]
    scheduler: Scheduler,
    ledger: Ledger,
    /// When each user last sent feedback.
    feedback: BTreeMap<String, Timestamp>,
    ids: Ids,
    /// By `owner/short-name`.
    projects: BTreeMap<String, Project>,
    /// By `owner/project/short-name`.
    apps: BTreeMap<String, App>,
    tasks: HashMap<String, Task>,
    tasks_made: u64,
    /// The number of tasks that are to fail next.
    failing_tasks: u32,
    /// By `owner/name`.
    volumes: BTreeMap<String, Volume>,
    buckets: BTreeMap<String, Bucket>,
    imports: HashMap<String, Import>,
    exports: HashMap<String, Export>,
    file_jobs: HashMap<String, FileJob>,
    drs_imports: HashMap<String, DrsImport>,
    markers: HashMap<String, Marker>,
    automations: HashMap<String, Automation>,
    packages: HashMap<String, Package>,
    runs: HashMap<String, Run>,
    /// Orders jobs that were created at the same time.
    jobs_made: u64,
    datasets: BTreeMap<String, Dataset>,
    files: HashMap<String, FileNode>,
    uploads: BTreeMap<String, Upload>,
    #[serde(skip)]
    part_policy: PartPolicy,
}

impl World {
    /// The saved state with the current settings.
    pub(crate) fn restored(
        mut saved: Self,
        config: &Config,
        clock: Clock,
        store: Arc<Store>,
    ) -> io::Result<Self> {
        for file in saved.files.values_mut() {
            let Content::File { key, object } = &mut file.content else { continue };
            // Copies of a file share its object.
            match store.published(key) {
                Some(shared) => *object = shared,
                None => {
                    store.find_files(object)?;
                    store.publish(key, object);
                }
            }
        }
        saved.buckets.retain(|_, bucket| matches!(bucket, Bucket::Memory(_)));
        for bucket in saved.buckets.values_mut() {
            if let Bucket::Memory(objects) = bucket {
                objects.values_mut().try_for_each(|object| store.find_files(object))?;
            }
        }
        saved.buckets.extend(folders(config));
        config.token.iter().for_each(|token| saved.users.set_token(token));
        saved.scheduler.set_state_time(config.state_time);
        Ok(Self { clock, store, part_policy: part_policy(config), ..saved })
    }

    /// The initial state.
    pub(crate) fn new(config: &Config, clock: Clock, store: Arc<Store>) -> Self {
        let mut ids = Ids::new();
        let mut users = Users::founders(&mut ids);
        config.token.iter().for_each(|token| users.set_token(token));
        let (divisions, teams, billing_groups) = users::institutions(&mut ids, clock.timestamp());
        let mut world = Self {
            clock,
            store,
            users,
            divisions,
            teams,
            billing_groups,
            scheduler: Scheduler::new(config.state_time),
            ledger: Ledger::default(),
            feedback: BTreeMap::new(),
            ids,
            projects: BTreeMap::new(),
            apps: BTreeMap::new(),
            tasks: HashMap::new(),
            tasks_made: 0,
            failing_tasks: 0,
            volumes: BTreeMap::new(),
            buckets: folders(config).collect(),
            imports: HashMap::new(),
            exports: HashMap::new(),
            file_jobs: HashMap::new(),
            drs_imports: HashMap::new(),
            markers: HashMap::new(),
            automations: HashMap::new(),
            packages: HashMap::new(),
            runs: HashMap::new(),
            jobs_made: 0,
            datasets: BTreeMap::new(),
            files: HashMap::new(),
            uploads: BTreeMap::new(),
            part_policy: part_policy(config),
        };
        world.seed_datasets();
        world.seed_public_apps();
        world.seed_public_files();
        if config.demo {
            world.seed_demo().expect("the demo world keeps the rules");
        }
        world
    }
}

/// The buckets that are local folders.
fn folders(config: &Config) -> impl Iterator<Item = (String, Bucket)> {
    config.volume_folders.iter().map(|(bucket, folder)| (bucket.clone(), Bucket::Folder(folder.clone())))
}

fn part_policy(config: &Config) -> PartPolicy {
    PartPolicy { default: config.part_size, min: config.min_part_size, rules: config.storage_profile().parts }
}
