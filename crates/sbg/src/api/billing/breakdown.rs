//! What the tasks, the storage and the egress of a billing group have cost.

use std::marker::PhantomData;

use jiff::civil::Date;
use sbg_raw::ClientBillingExt as _;

use super::groups::check_billing_group;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

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
    pub(super) group: String,
    pub(super) from: Option<Date>,
    pub(super) to: Option<Date>,
    pub(super) invoice: Option<String>,
    pub(super) of: PhantomData<fn() -> T>,
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
    pub(super) fn check(&self) -> Result<()> {
        check_billing_group(Some(&self.group))?;
        if let Some(invoice) = &self.invoice {
            check_segment("invoice id", invoice)?;
            if self.from.is_some() || self.to.is_some() {
                return Err(Error::invalid(
                    "charges are listed by invoice or by dates: set one of them, not both",
                ));
            }
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            return Err(Error::invalid(format!("the date range is reversed: {from} is after {to}")));
        }
        Ok(())
    }
}

/// The date format that only the billing calls use.
pub(super) fn month_day_year(date: Date) -> String {
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
