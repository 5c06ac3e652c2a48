//! Code packages of automations, one for each version of the code.

use sbg_raw::ClientAutomationsExt as _;
use serde_json::Value;

use super::handle::checked_id;
use super::setup::{check_memory, memory_setter};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::check_segment;
use crate::raw::Nullable;
use crate::raw::types as bodies;
use crate::request::call::{Get, awaitable, body_setters, fetch_page, refuse_fields, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

impl Client {
    /// A code package of an automation, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let package = client.automation_package("7a6b5c4d-indexing").get().await?;
    /// println!("{:?} of {:?}", package.version, package.automation);
    /// # Ok(())
    /// # }
    /// ```
    pub fn automation_package(&self, id: impl Into<String>) -> AutomationPackageHandle {
        AutomationPackageHandle { client: self.clone(), id: id.into() }
    }
}

/// The code packages of an automation.
///
/// ```no_run
/// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
/// let packages = automation.packages();
/// for package in packages.query().all().await? {
///     println!("{:?} runs on Python {:?}", package.version, package.python);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AutomationPackages {
    pub(crate) client: Client,
    pub(crate) automation: String,
}

impl AutomationPackages {
    pub(super) fn new(client: Client, automation: String) -> Self {
        Self { client, automation }
    }

    /// The packages.
    ///
    /// ```no_run
    /// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
    /// let packages = automation.packages().query().page_size(10).page().await?;
    /// println!("{:?}", packages.items.first().map(|package| &package.version));
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<AutomationPackageList> {
        Query::new(self.client.clone(), AutomationPackageList { automation: self.automation.clone() })
    }

    /// Creates a package from an uploaded file: set the optional fields, then `.await`. `location` is the id of the uploaded file.
    /// `schema` describes the inputs and outputs of the code, as any JSON.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String, location: String) -> sbg::Result<()> {
    /// let schema = serde_json::json!({"inputs": [{"name": "project", "type": "str", "required": true}]});
    /// let package = client.automation(id).packages().create("0.2.0", location, schema).python("3.8").await?;
    /// println!("{}", package.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(
        &self,
        version: impl Into<String>,
        location: impl Into<String>,
        schema: impl Into<Value>,
    ) -> AutomationPackageCreate {
        let body = bodies::AutomationPackageCreate {
            version: version.into(),
            location: location.into(),
            schema: schema.into(),
            memory_limit: Nullable::Absent,
            python: Nullable::Absent,
        };
        AutomationPackageCreate { client: self.client.clone(), automation: self.automation.clone(), body }
    }
}

/// The list of the code packages of an automation.
///
/// ```no_run
/// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::automations::AutomationPackageList> = automation.packages().query();
/// println!("{} packages", query.all().await?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AutomationPackageList {
    automation: String,
}

impl List for AutomationPackageList {
    type Item = types::AutomationPackage;

    const NAME: &'static str = "code packages";

    fn check(&self) -> Result<()> {
        checked_id(&self.automation).map(drop)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::AutomationPackage>> {
        refuse_fields(&at, "code packages")?;
        let call = client.raw().automation_package_list().automation_id(self.automation);
        fetch_page!(set!(call.offset(at.offset_param()), limit = at.limit_param()))
    }
}

/// A code package to create.
///
/// ```no_run
/// # async fn example(automation: sbg::automations::AutomationHandle, location: String) -> sbg::Result<()> {
/// let create = automation.packages().create("0.2.0", location, serde_json::json!({"inputs": []}));
/// println!("{}", create.python("3.8").memory_limit(4000).await?.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AutomationPackageCreate {
    client: Client,
    automation: String,
    body: bodies::AutomationPackageCreate,
}

impl AutomationPackageCreate {
    body_setters! {
        /// Python version that runs the code, such as `3.8`. Default: `3.6`.
        ///
        /// ```
        /// # fn example(automation: sbg::automations::AutomationHandle, location: String, schema: serde_json::Value) {
        /// let create = automation.packages().create("0.2.0", location, schema).python("3.8");
        /// # }
        /// ```
        python(python: String);
    }

    memory_setter! {
        /// ```
        /// # fn example(automation: sbg::automations::AutomationHandle, location: String, schema: serde_json::Value) {
        /// let create = automation.packages().create("0.2.0", location, schema).memory_limit(4000);
        /// # }
        /// ```
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, automation: sbg::automations::AutomationHandle, location: String, schema: serde_json::Value) -> sbg::Result<()> {
    /// let package = automation.packages().create("0.2.0", location, schema).send().await?;
    /// let run = client.automation_runs().create(package.id).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id, an empty version or location, or a memory limit of 0. Otherwise the error of the
    /// call.
    pub async fn send(self) -> Result<types::AutomationPackage> {
        let automation = checked_id(&self.automation)?;
        if self.body.version.trim().is_empty() {
            return Err(Error::invalid("a code package needs a version"));
        }
        if self.body.location.trim().is_empty() {
            return Err(Error::invalid("a code package needs the id of the uploaded code as its location"));
        }
        check_memory(self.body.memory_limit.value().copied())?;
        let call = self.client.raw().automation_package_create().automation_id(automation);
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(AutomationPackageCreate => types::AutomationPackage, client);

/// A code package, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// let package = client.automation_package(id);
/// println!("{:?}", package.get().await?.schema);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AutomationPackageHandle {
    client: Client,
    id: String,
}

impl AutomationPackageHandle {
    /// The id of the code package.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.automation_package("7a6b5c4d-indexing").id(), "7a6b5c4d-indexing");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    fn checked(&self) -> Result<&str> {
        Ok(check_segment("package id", &self.id)?)
    }

    /// Gets the code package.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let package = client.automation_package(id).get().await?;
    /// println!("{:?} {:?}", package.version, package.memory_limit);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::AutomationPackage> {
        let id = self.id.clone();
        Get::whole(&self.client, "code packages", move |client| async move {
            let id = check_segment("package id", &id)?;
            Ok(client.raw().automation_package_get().package_id(id).send().await?.into_inner())
        })
    }

    /// Changes the code package: set the fields to change, then `.await`. The code itself cannot be changed.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// client.automation_package(id).edit().memory_limit(4000).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> AutomationPackageEdit {
        AutomationPackageEdit { package: self.clone(), body: bodies::AutomationPackageEdit::default() }
    }

    /// Archives the code package. Fetches it first, because the call names the automation.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let package = client.automation_package(id).archive().await?;
    /// assert_eq!(package.archived, Some(true));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of a call.
    pub async fn archive(&self) -> Result<types::AutomationPackage> {
        let automation = self.automation().await?;
        let call = self.client.raw().automation_package_archive().automation_id(automation);
        Ok(call.package_id(self.checked()?).send().await?.into_inner())
    }

    /// Restores the archived code package. Fetches it first, because the call names the automation.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let package = client.automation_package(id).restore().await?;
    /// assert_eq!(package.archived, Some(false));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of a call.
    pub async fn restore(&self) -> Result<types::AutomationPackage> {
        let automation = self.automation().await?;
        let call = self.client.raw().automation_package_restore().automation_id(automation);
        Ok(call.package_id(self.checked()?).send().await?.into_inner())
    }

    async fn automation(&self) -> Result<String> {
        let automation = self.get().await?.automation.ok_or_else(|| {
            let message = "the platform returned a code package without its automation";
            Error::new(ErrorKind::UnexpectedResponse, message)
        })?;
        checked_id(&automation)?;
        Ok(automation)
    }
}

/// A change of a code package.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// let package = client.automation_package(id).edit().memory_limit(4000).await?;
/// println!("{:?}", package.memory_limit);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AutomationPackageEdit {
    package: AutomationPackageHandle,
    body: bodies::AutomationPackageEdit,
}

impl AutomationPackageEdit {
    body_setters! {
        /// URL of a custom page for the package.
        ///
        /// ```
        /// # fn example(client: sbg::Client, id: String) {
        /// let edit = client.automation_package(id).edit().custom_url("https://patterns.example.org/indexing");
        /// # }
        /// ```
        custom_url(custom_url: String);
    }

    memory_setter! {
        /// ```
        /// # fn example(client: sbg::Client, id: String) {
        /// let edit = client.automation_package(id).edit().memory_limit(4000);
        /// # }
        /// ```
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let package = client.automation_package(id).edit().memory_limit(4000).send().await?;
    /// assert_eq!(package.memory_limit, Some(4000));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change, a memory limit of 0 or an invalid id. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::AutomationPackage> {
        if self.body == bodies::AutomationPackageEdit::default() {
            return Err(Error::invalid(
                "the edit of the code package changes nothing: set at least one field",
            ));
        }
        check_memory(self.body.memory_limit)?;
        let call = self.package.client.raw().automation_package_edit().package_id(self.package.checked()?);
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(AutomationPackageEdit => types::AutomationPackage, package.client);
