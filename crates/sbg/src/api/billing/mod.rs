//! Billing groups, their charges, and invoices.

mod breakdown;
mod groups;
mod invoices;

use crate::client::Client;
use crate::types;

pub use breakdown::Breakdown;
pub(crate) use groups::check_billing_group;
pub use groups::{BillingGroupHandle, BillingGroupList, BillingGroups};
pub use invoices::{InvoiceExt, InvoiceHandle, InvoiceList, Invoices};

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

impl InvoiceExt for types::Invoice {
    fn any_id(&self) -> Option<&str> {
        self.id.as_deref().or(self.invoice_id.as_deref())
    }
}
