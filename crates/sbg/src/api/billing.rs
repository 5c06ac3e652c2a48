//! Billing groups, their charges, and invoices.

use std::marker::PhantomData;

use jiff::civil::Date;
use sbg_raw::ClientBillingExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{check_segment, check_uuid};
use crate::request::call::{Get, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

impl Client {
    /// The billing groups of the caller.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut groups = client.billing_groups().query().items();
    /// while let Some(group) = groups.try_next().await? {
    ///     println!("{} {:?}", group.id, group.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn billing_groups(&self) -> BillingGroups {
        BillingGroups { client: self.clone() }
    }

    /// A billing group, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let group = client.billing_group("f1969c90-da54-4118-8e96-c3f0b49a163d").get().await?;
    /// println!("{:?} {:?}", group.name, group.balance);
    /// # Ok(())
    /// # }
    /// ```
    pub fn billing_group(&self, id: impl Into<String>) -> BillingGroupHandle {
        BillingGroupHandle { client: self.clone(), id: id.into() }
    }

    /// The invoices of the caller.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let invoices = client.invoices().query().fields(sbg::Fields::all()).all().await?;
    /// for invoice in invoices {
    ///     println!("{:?} {:?}", invoice.invoice_period, invoice.total);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn invoices(&self) -> Invoices {
        Invoices { client: self.clone() }
    }

    /// An invoice, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let invoice = client.invoice("7123479019").get().await?;
    /// println!("{:?}", invoice.total);
    /// # Ok(())
    /// # }
    /// ```
    pub fn invoice(&self, id: impl Into<String>) -> InvoiceHandle {
        InvoiceHandle { client: self.clone(), id: id.into() }
    }
}

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
    client: Client,
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
    client: Client,
    id: String,
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

    fn breakdown<T>(&self) -> Query<Breakdown<T>>
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

/// The list of charges of a billing group.
///
/// ```no_run
/// # async fn example(group: sbg::billing::BillingGroupHandle) -> sbg::Result<()> {
/// use sbg::billing::Breakdown;
/// use sbg::types::StorageBreakdown;
///
/// let query: sbg::Query<Breakdown<StorageBreakdown>> = group.storage_breakdown().invoice("7123479019");
/// println!("{} projects", query.page_size(100).all().await?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Breakdown<T> {
    group: String,
    from: Option<Date>,
    to: Option<Date>,
    invoice: Option<String>,
    of: PhantomData<fn() -> T>,
}

impl<T> Query<Breakdown<T>> {
    /// Only charges from this day on.
    ///
    /// ```
    /// # fn example(group: sbg::billing::BillingGroupHandle) {
    /// let charges = group.analysis_breakdown().date_from(jiff::civil::date(2024, 4, 1));
    /// # }
    /// ```
    pub fn date_from(mut self, first: Date) -> Self {
        self.list.from = Some(first);
        self
    }

    /// Only charges up to and including this day.
    ///
    /// ```
    /// # fn example(group: sbg::billing::BillingGroupHandle) {
    /// use jiff::civil::date;
    ///
    /// let april = group.egress_breakdown().date_from(date(2024, 4, 1)).date_to(date(2024, 4, 30));
    /// # }
    /// ```
    pub fn date_to(mut self, last: Date) -> Self {
        self.list.to = Some(last);
        self
    }

    /// Only charges on this invoice, by id. Excludes [`date_from`](Self::date_from) and [`date_to`](Self::date_to).
    ///
    /// ```
    /// # fn example(group: sbg::billing::BillingGroupHandle) {
    /// let charges = group.storage_breakdown().invoice("7123479019");
    /// # }
    /// ```
    pub fn invoice(mut self, id: impl Into<String>) -> Self {
        self.list.invoice = Some(id.into());
        self
    }
}

impl<T> Breakdown<T> {
    fn check(&self) -> Result<()> {
        check_billing_group(Some(&self.group))?;
        if let Some(invoice) = &self.invoice {
            check_segment("invoice id", invoice)?;
            if self.from.is_some() || self.to.is_some() {
                return Err(Error::invalid(
                    "charges are listed by invoice or by days: name an invoice or dates, not both",
                ));
            }
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            return Err(Error::invalid(format!("there are no days from {from} to {to}: swap the dates")));
        }
        Ok(())
    }
}

/// The date format that only the billing calls use.
fn month_day_year(date: Date) -> String {
    format!("{:02}-{:02}-{:04}", date.month(), date.day(), date.year())
}

macro_rules! breakdown {
    ($item:ty, $operation:ident) => {
        impl List for Breakdown<$item> {
            type Item = $item;

            const NAME: &'static str = "costs of a billing group";

            // A line of a breakdown has no id to fetch it by.
            const IDENTITY: &'static [&'static str] = &[];

            fn check(&self) -> Result<()> {
                self.check()
            }

            async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<$item>> {
                let call = client.raw().$operation().billing_group(self.group).offset(at.offset_param());
                let (from, to) = (self.from.map(month_day_year), self.to.map(month_day_year));
                let call = set!(call, date_from = from, date_to = to, invoice_id = self.invoice);
                fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
            }
        }
    };
}

breakdown!(types::AnalysisBreakdown, billing_group_analysis);
breakdown!(types::StorageBreakdown, billing_group_storage);
breakdown!(types::EgressBreakdown, billing_group_egress);

/// The invoices of the caller.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let invoices = client.invoices();
/// println!("{:?} invoices", invoices.query().page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Invoices {
    client: Client,
}

impl Invoices {
    /// The invoices, with basic fields only; [`fields`](Query::fields) selects others.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::billing::InvoiceExt as _;
    ///
    /// for invoice in client.invoices().query().all().await? {
    ///     println!("{:?}", invoice.any_id());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<InvoiceList> {
        Query::new(self.client.clone(), InvoiceList::default())
    }
}

/// The list of invoices.
///
/// ```no_run
/// # async fn example(client: sbg::Client, group_id: String) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::billing::InvoiceList> = client.invoices().query().billing_group(group_id);
/// println!("{:?} invoices", query.page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct InvoiceList {
    billing_group: Option<String>,
}

impl Query<InvoiceList> {
    /// Only invoices of this billing group, by id.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.invoices().query().billing_group("f1969c90-da54-4118-8e96-c3f0b49a163d");
    /// # }
    /// ```
    pub fn billing_group(mut self, id: impl Into<String>) -> Self {
        self.list.billing_group = Some(id.into());
        self
    }
}

impl List for InvoiceList {
    type Item = types::Invoice;

    const NAME: &'static str = "invoices";

    // The provider's contract has `id`, the official clients read `invoice_id`.
    const IDENTITY: &'static [&'static str] = &["id", "invoice_id"];

    fn check(&self) -> Result<()> {
        check_billing_group(self.billing_group.as_deref())
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Invoice>> {
        let call = client.raw().invoice_list().offset(at.offset_param());
        let call = set!(call, billing_group = self.billing_group);
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}

/// An invoice, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let invoice = client.invoice("7123479019").get().await?;
/// println!("{:?} for analyses, {:?} for storage", invoice.analysis_costs, invoice.storage_costs);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct InvoiceHandle {
    client: Client,
    id: String,
}

impl InvoiceHandle {
    /// The id of the invoice.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.invoice("7123479019").id(), "7123479019");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gets the invoice with its totals.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let invoice = client.invoice("7123479019").get().await?;
    /// if let Some(total) = invoice.total.and_then(|total| total.amount) {
    ///     println!("{total}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::Invoice> {
        let Self { client, id } = self.clone();
        Get::new(&client, InvoiceList::IDENTITY, move |client, fields| async move {
            check_segment("invoice id", &id)?;
            Ok(set!(client.raw().invoice_get().invoice_id(id), fields = fields).send().await?.into_inner())
        })
    }
}

/// The id of an invoice. Import the trait to call its method.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::billing::InvoiceExt as _;
///
/// for invoice in client.invoices().query().all().await? {
///     println!("{:?}", invoice.any_id());
/// }
/// # Ok(())
/// # }
/// ```
pub trait InvoiceExt {
    /// The id, which the platform writes as `id` or as `invoice_id`.
    ///
    /// ```
    /// use sbg::billing::InvoiceExt as _;
    ///
    /// let invoice: sbg::types::Invoice = serde_json::from_str(r#"{"invoice_id": "7123479019"}"#)?;
    /// assert_eq!(invoice.any_id(), Some("7123479019"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn any_id(&self) -> Option<&str>;
}

impl InvoiceExt for types::Invoice {
    fn any_id(&self) -> Option<&str> {
        self.id.as_deref().or(self.invoice_id.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const GROUP: &str = "f1969c90-da54-4118-8e96-c3f0b49a163d";

    #[test]
    fn dates_are_sent_as_month_day_year() {
        assert_eq!(month_day_year(date(2024, 4, 1)), "04-01-2024");
        assert_eq!(month_day_year(date(987, 12, 31)), "12-31-0987");
    }

    #[test]
    fn breakdown_is_by_invoice_or_dates() {
        let list = |from: Option<i8>, to: Option<i8>, invoice: Option<&str>| Breakdown {
            group: GROUP.to_owned(),
            from: from.map(|day| date(2024, 4, day)),
            to: to.map(|day| date(2024, 4, day)),
            invoice: invoice.map(str::to_owned),
            of: PhantomData::<fn() -> types::StorageBreakdown>,
        };
        let check = |list: Breakdown<_>, allowed: bool| assert_eq!(list.check().is_ok(), allowed, "{list:?}");
        check(list(None, None, None), true);
        check(list(Some(1), Some(1), None), true);
        check(list(Some(2), Some(1), None), false);
        check(list(None, None, Some("7123479019")), true);
        check(list(None, Some(1), Some("7123479019")), false);
        check(list(None, None, Some("")), false);
    }
}
