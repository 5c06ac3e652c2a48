//! The state of the platform and its rules, without HTTP. One file for each area; each change happens after all checks.

pub(crate) mod files;
pub(crate) mod folders;
mod ids;
pub(crate) mod members;
pub(crate) mod projects;
mod seed;
pub(crate) mod uploads;
pub(crate) mod users;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{builder::Config, clock::Clock, store::Store};

use self::{
    files::FileNode,
    ids::Ids,
    projects::Project,
    uploads::{PartPolicy, Upload},
    users::{BillingGroup, Division, Team, Users},
};

/// Everything that the platform knows.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) store: Arc<Store>,
    pub(crate) users: Users,
    pub(crate) divisions: BTreeMap<String, Division>,
    pub(crate) teams: BTreeMap<String, Team>,
    pub(crate) billing_groups: Vec<BillingGroup>,
    ids: Ids,
    /// By `owner/short-name`.
    projects: BTreeMap<String, Project>,
    files: HashMap<String, FileNode>,
    uploads: BTreeMap<String, Upload>,
    part_policy: PartPolicy,
}

impl World {
    /// The platform as it is before the first request.
    pub(crate) fn new(config: &Config, clock: Clock, store: Arc<Store>) -> Self {
        let mut ids = Ids::new();
        let users = Users::founders(&mut ids, config.token.as_deref());
        let (divisions, teams, billing_groups) = users::institutions(&mut ids);
        Self {
            clock,
            store,
            users,
            divisions,
            teams,
            billing_groups,
            ids,
            projects: BTreeMap::new(),
            files: HashMap::new(),
            uploads: BTreeMap::new(),
            part_policy: PartPolicy { default: config.part_size, min: config.min_part_size },
        }
    }
}
