//! Automations: programs that the platform runs for a user, with their members, code packages and runs.

mod create;
mod edit;
mod handle;
mod list;
mod members;
mod packages;
mod runs;
mod setup;

use crate::client::Client;
use crate::raw::types as bodies;
use crate::request::query::Query;

pub use create::AutomationCreate;
pub use edit::AutomationEdit;
pub use handle::AutomationHandle;
pub use list::AutomationList;
pub use packages::{
    AutomationPackageCreate, AutomationPackageEdit, AutomationPackageHandle, AutomationPackageList,
    AutomationPackages,
};
pub use runs::{
    AutomationRunCreate, AutomationRunEdit, AutomationRunHandle, AutomationRunList, AutomationRunRerun,
    AutomationRuns,
};

impl Client {
    /// The automations that the caller is a member of.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let page = client.automations().query().page().await?;
    /// println!("{} automations", page.items.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn automations(&self) -> Automations {
        Automations { client: self.clone() }
    }

    /// An automation, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let automation = client.automation("5f3d2c1b-indexing").get().await?;
    /// println!("{:?} has {:?} MB", automation.name, automation.memory_limit);
    /// # Ok(())
    /// # }
    /// ```
    pub fn automation(&self, id: impl Into<String>) -> AutomationHandle {
        AutomationHandle { client: self.clone(), id: id.into() }
    }
}

/// The automations that the caller is a member of.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let automations = client.automations();
/// let mut all = automations.query().include_archived(true).items();
/// while let Some(automation) = all.try_next().await? {
///     println!("{} {:?}", automation.id, automation.archived);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Automations {
    client: Client,
}

impl Automations {
    /// The automations, without archived ones.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for automation in client.automations().query().name("Index").all().await? {
    ///     println!("{}", automation.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<AutomationList> {
        Query::new(self.client.clone(), AutomationList::default())
    }

    /// Creates an automation without code: set the optional fields, then `.await`. It needs a [package](AutomationHandle::packages)
    /// before it can run.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let create = client.automations().create("Index new patterns").description("A task for every pattern that arrives");
    /// let automation = create.memory_limit(2000).await?;
    /// println!("{}", automation.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, name: impl Into<String>) -> AutomationCreate {
        let body = bodies::AutomationCreate {
            name: name.into(),
            billing_group: None,
            description: None,
            memory_limit: None,
            project_based: None,
            secret_settings: None,
        };
        AutomationCreate { client: self.client.clone(), body }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secret_settings_are_redacted() {
        let client = Client::builder().endpoint("cgc").token("t").build().unwrap();
        let settings = json!({ "password": "hush" });
        let create = client.automations().create("a").secret_settings(settings.clone());
        let edit = client.automation("a").edit().secret_settings(settings.clone());
        let run = client.automation_runs().create("p").secret_settings(settings.clone());
        let rerun = client.automation_run("r").rerun().secret_settings(settings);
        let shown = format!("{create:?} {edit:?} {run:?} {rerun:?}");
        assert!(!shown.contains("hush") && shown.contains("***"), "{shown}");
    }
}
