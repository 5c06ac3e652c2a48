//! Invoices.

use sbg_raw::ClientBillingExt as _;

use super::groups::check_billing_group;
use crate::client::Client;
use crate::error::Result;
use crate::ids::check_segment;
use crate::request::call::{Get, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

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
    pub(super) client: Client,
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
    pub(super) billing_group: Option<String>,
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
    pub(super) client: Client,
    pub(super) id: String,
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
    #[inline]
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
