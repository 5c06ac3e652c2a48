//! Billing groups.

use std::marker::PhantomData;

use sbg_raw::ClientBillingExt as _;

use super::{Breakdown, InvoiceList};
use crate::client::Client;
use crate::error::Result;
use crate::ids::check_uuid;
use crate::request::call::{Get, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

/// The billing groups of the caller.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let groups = client.billing_groups();
/// println!("{:?} billing groups", groups.query().page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct BillingGroups {
    pub(super) client: Client,
}

impl BillingGroups {
    /// The billing groups, including disabled ones and those that wait for approval, with basic fields only; [`fields`](Query::fields)
    /// selects others.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for group in client.billing_groups().query().page_size(10).page().await? {
    ///     println!("{}", group.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<BillingGroupList> {
        Query::new(self.client.clone(), BillingGroupList {})
    }
}

/// The list of billing groups.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::billing::BillingGroupList> = client.billing_groups().query();
/// for group in query.fields(sbg::Fields::all()).all().await? {
///     println!("{} {:?}", group.id, group.disabled);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BillingGroupList {}

impl List for BillingGroupList {
    type Item = types::BillingGroup;

    const NAME: &'static str = "billing groups";

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::BillingGroup>> {
        let call = client.raw().billing_group_list().offset(at.offset_param());
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}

/// Billing group ids are UUIDs; the platform refuses others with code 4005.
pub(crate) fn check_billing_group(id: Option<&str>) -> Result<()> {
    if let Some(id) = id {
        check_uuid("billing group id", id)?;
    }
    Ok(())
}

/// A billing group, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let group = client.billing_group("f1969c90-da54-4118-8e96-c3f0b49a163d");
/// println!("{:?}", group.get().await?.balance);
/// for line in group.storage_breakdown().all().await? {
///     println!("{:?} {:?}", line.project_name, line.active);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct BillingGroupHandle {
    pub(super) client: Client,
    pub(super) id: String,
}

impl BillingGroupHandle {
    /// The id of the billing group.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let group = client.billing_group("f1969c90-da54-4118-8e96-c3f0b49a163d");
    /// assert_eq!(group.id(), "f1969c90-da54-4118-8e96-c3f0b49a163d");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gets the billing group with its balance.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let group = client.billing_group("f1969c90-da54-4118-8e96-c3f0b49a163d").get().await?;
    /// println!("{:?}", group.balance.and_then(|balance| balance.amount));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::BillingGroup> {
        let Self { client, id } = self.clone();
        Get::new(&client, BillingGroupList::IDENTITY, move |client, fields| async move {
            check_billing_group(Some(&id))?;
            let call = client.raw().billing_group_get().billing_group(id);
            Ok(set!(call, fields = fields).send().await?.into_inner())
        })
    }

    /// The cost of tasks and interactive analyses: in a [span of days](Query::date_from), on an [invoice](Query::invoice), or, with
    /// neither, not yet invoiced.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use jiff::civil::date;
    ///
    /// let group = client.billing_group("f1969c90-da54-4118-8e96-c3f0b49a163d");
    /// let mut analyses = group.analysis_breakdown().date_from(date(2024, 4, 1)).date_to(date(2024, 4, 30)).items();
    /// while let Some(analysis) = analyses.try_next().await? {
    ///     println!("{:?} {:?}", analysis.analysis_name, analysis.analysis_cost);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn analysis_breakdown(&self) -> Query<Breakdown<types::AnalysisBreakdown>> {
        self.breakdown()
    }

    /// The cost of stored files by project, with the same filters as [`analysis_breakdown`](Self::analysis_breakdown).
    ///
    /// ```no_run
    /// # async fn example(group: sbg::billing::BillingGroupHandle) -> sbg::Result<()> {
    /// let mut projects = group.storage_breakdown().items();
    /// while let Some(project) = projects.try_next().await? {
    ///     println!("{:?} {:?} {:?}", project.project_name, project.active, project.archived);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn storage_breakdown(&self) -> Query<Breakdown<types::StorageBreakdown>> {
        self.breakdown()
    }

    /// The cost of downloads by project and user, with the same filters as [`analysis_breakdown`](Self::analysis_breakdown).
    ///
    /// ```no_run
    /// # async fn example(group: sbg::billing::BillingGroupHandle) -> sbg::Result<()> {
    /// let mut downloads = group.egress_breakdown().items();
    /// while let Some(download) = downloads.try_next().await? {
    ///     println!("{:?} by {:?}", download.egress_cost, download.downloaded_by);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn egress_breakdown(&self) -> Query<Breakdown<types::EgressBreakdown>> {
        self.breakdown()
    }

    pub(super) fn breakdown<T>(&self) -> Query<Breakdown<T>>
    where
        Breakdown<T>: List,
    {
        let list = Breakdown { group: self.id.clone(), from: None, to: None, invoice: None, of: PhantomData };
        Query::new(self.client.clone(), list)
    }

    /// The invoices of this billing group.
    ///
    /// ```no_run
    /// # async fn example(group: sbg::billing::BillingGroupHandle) -> sbg::Result<()> {
    /// use sbg::billing::InvoiceExt as _;
    ///
    /// let mut invoices = group.invoices().fields(sbg::Fields::all()).items();
    /// while let Some(invoice) = invoices.try_next().await? {
    ///     println!("{:?} {:?}", invoice.any_id(), invoice.total);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn invoices(&self) -> Query<InvoiceList> {
        self.client.invoices().query().billing_group(&self.id)
    }
}
