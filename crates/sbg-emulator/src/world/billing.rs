//! Costs, billing groups and invoices.
//!
//! Money is counted in millionths of a dollar, so that sums of breakdowns and invoices agree to the last digit.

use std::{collections::BTreeMap, ops::Range};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    World,
    files::{Content, FileNode},
    ids::is_uuid,
    price::{GIGABYTE, Price, STORAGE_MICROS},
    tasks::Status,
    users::BillingGroup,
};
use crate::error::{ApiError, Outcome};

/// Millionths of a dollar for each downloaded gigabyte.
const EGRESS_MICROS: u128 = 90_000;
/// The credit of a group.
const CREDIT_MICROS: i128 = 1_000_000_000;
const MONTH_SECONDS: u128 = 30 * 24 * 3600;

/// Charges that cannot be derived from the current state.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Ledger {
    analyses: Vec<AnalysisCharge>,
    /// Deleted files.
    stored: Vec<Stored>,
    downloads: Vec<Download>,
}

impl Ledger {
    /// Moves everything into the past.
    pub(super) fn age(&mut self, by: SignedDuration) {
        let back = |time: &mut Timestamp| *time = time.checked_sub(by).unwrap_or(*time);
        for charge in &mut self.analyses {
            back(&mut charge.started);
            back(&mut charge.finished);
        }
        for stored in &mut self.stored {
            back(&mut stored.time.start);
            back(&mut stored.time.end);
        }
        for download in &mut self.downloads {
            back(&mut download.at);
        }
    }
}

/// The project of a charge.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct ProjectRef {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) created_by: String,
    pub(crate) location: String,
    pub(crate) locked: bool,
}

/// The charge of a finished task.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct AnalysisCharge {
    pub(crate) project: ProjectRef,
    pub(crate) app: String,
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) ran_by: String,
    pub(crate) status: Status,
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
    pub(crate) price: Price,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Stored {
    project: ProjectRef,
    bytes: u64,
    time: Range<Timestamp>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Download {
    project: ProjectRef,
    user: String,
    bytes: u64,
    at: Timestamp,
}

/// The storage cost of a project in a period.
#[derive(Debug)]
pub(crate) struct StorageLine {
    pub(crate) project: ProjectRef,
    /// Bytes times seconds.
    volume: u128,
    time: Range<Timestamp>,
}

impl StorageLine {
    /// The average number of gigabytes.
    pub(crate) fn gigabytes(&self) -> f64 {
        let seconds =
            u128::try_from(self.time.end.duration_since(self.time.start).as_secs()).unwrap_or(0).max(1);
        let bytes = u64::try_from(self.volume / seconds).unwrap_or(u64::MAX);
        #[expect(clippy::cast_precision_loss, reason = "it is shown with six digits")]
        let bytes = bytes as f64;
        bytes / 1e9
    }

    pub(crate) fn micros(&self) -> u64 {
        u64::try_from(self.volume * STORAGE_MICROS / GIGABYTE / MONTH_SECONDS).unwrap_or(u64::MAX)
    }
}

/// The downloads of a user from a project.
#[derive(Debug)]
pub(crate) struct EgressLine {
    pub(crate) project: ProjectRef,
    pub(crate) user: String,
    pub(crate) bytes: u64,
}

impl EgressLine {
    pub(crate) fn micros(&self) -> u64 {
        u64::try_from(u128::from(self.bytes) * EGRESS_MICROS / GIGABYTE).unwrap_or(u64::MAX)
    }
}

/// The bill of a past month.
#[derive(Debug)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) period: Range<Timestamp>,
    pub(crate) analysis: u64,
    pub(crate) storage: u64,
    pub(crate) egress: u64,
}

/// The period of a breakdown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PeriodFilter<'a> {
    pub(crate) from: Option<&'a str>,
    pub(crate) to: Option<&'a str>,
    pub(crate) invoice: Option<&'a str>,
}

impl World {
    /// The billing groups of a user.
    pub(crate) fn list_billing_groups(&self, actor: &str) -> Vec<&BillingGroup> {
        self.billing_groups.iter().filter(|group| group.owner == actor).collect()
    }

    /// A billing group of the actor.
    pub(crate) fn billing_group(&self, actor: &str, id: &str) -> Outcome<&BillingGroup> {
        if !is_uuid(id) {
            return Err(ApiError::new(4005));
        }
        let group = self.billing_groups.iter().find(|group| group.id == id).ok_or(ApiError::new(4002))?;
        if group.owner == actor { Ok(group) } else { Err(ApiError::new(4001)) }
    }

    /// The remaining credit of a group.
    pub(crate) fn balance(&self, group: &BillingGroup) -> i128 {
        let ever = Timestamp::MIN..self.clock.timestamp();
        CREDIT_MICROS - i128::from(self.sum(&group.id, &ever).iter().sum::<u64>())
    }

    /// The period of a breakdown: that of an invoice, the given days, or what no invoice covers yet.
    pub(crate) fn period(&self, group: &BillingGroup, filter: PeriodFilter<'_>) -> Outcome<Range<Timestamp>> {
        if let Some(id) = filter.invoice {
            let invoice = self.group_invoices(group).into_iter().find(|invoice| invoice.id == id);
            return Ok(invoice.ok_or(ApiError::new(4002))?.period);
        }
        let now = self.clock.timestamp();
        if filter.from.is_none() && filter.to.is_none() {
            return Ok(month_start(now)..now);
        }
        let from = filter.from.map(day).transpose()?.map_or(Timestamp::MIN, midnight);
        let to = match filter.to.map(day).transpose()? {
            Some(last) => last.tomorrow().map_or(Timestamp::MAX, midnight),
            None => Timestamp::MAX,
        };
        Ok(from..to.min(now).max(from))
    }

    /// The tasks of a group that ended in a period, the earliest first.
    pub(crate) fn analysis_breakdown(&self, group: &str, time: &Range<Timestamp>) -> Vec<&AnalysisCharge> {
        let charges = self.ledger.analyses.iter();
        charges.filter(|charge| charge.project.group == group && time.contains(&charge.finished)).collect()
    }

    /// The storage of the projects of a group in a period.
    pub(crate) fn storage_breakdown(&self, group: &str, time: &Range<Timestamp>) -> Vec<StorageLine> {
        let mut lines: BTreeMap<ProjectRef, u128> = BTreeMap::new();
        let mut add = |project: ProjectRef, bytes: u64, stored: &Range<Timestamp>| {
            let (start, end) = (stored.start.max(time.start), stored.end.min(time.end));
            if project.group == group && start < end {
                let seconds = u128::try_from(end.duration_since(start).as_secs()).unwrap_or(0);
                *lines.entry(project).or_default() += u128::from(bytes) * seconds;
            }
        };
        for gone in &self.ledger.stored {
            add(gone.project.clone(), gone.bytes, &gone.time);
        }
        let now = self.clock.timestamp();
        let refs: BTreeMap<&str, ProjectRef> =
            self.projects.keys().filter_map(|id| Some((id.as_str(), self.project_ref(id)?))).collect();
        for file in self.files.values() {
            if let Some(bytes) = stored_bytes(file)
                && let Some(project) = refs.get(file.project.as_str())
            {
                add(project.clone(), bytes, &(file.created..now));
            }
        }
        let line = |(project, volume)| StorageLine { project, volume, time: time.clone() };
        lines.into_iter().map(line).collect()
    }

    /// The downloads from the projects of a group in a period.
    pub(crate) fn egress_breakdown(&self, group: &str, time: &Range<Timestamp>) -> Vec<EgressLine> {
        let mut lines: BTreeMap<(&ProjectRef, &str), u64> = BTreeMap::new();
        for download in &self.ledger.downloads {
            if download.project.group == group && time.contains(&download.at) {
                *lines.entry((&download.project, &download.user)).or_default() += download.bytes;
            }
        }
        lines
            .into_iter()
            .map(|((project, user), bytes)| EgressLine {
                project: project.clone(),
                user: user.to_owned(),
                bytes,
            })
            .collect()
    }

    /// The invoices of the actor's groups, or of one of them, the latest first.
    pub(crate) fn list_invoices(&self, actor: &str, group: Option<&str>) -> Outcome<Vec<Invoice>> {
        let groups = match group {
            Some(id) => vec![self.billing_group(actor, id)?],
            None => self.list_billing_groups(actor),
        };
        Ok(groups.into_iter().flat_map(|group| self.group_invoices(group)).collect())
    }

    /// One invoice of a group of the actor.
    pub(crate) fn invoice(&self, actor: &str, id: &str) -> Outcome<Invoice> {
        let found = self.billing_groups.iter().find_map(|group| {
            let invoice = self.group_invoices(group).into_iter().find(|invoice| invoice.id == id)?;
            Some((group, invoice))
        });
        let (group, invoice) = found.ok_or(ApiError::new(4002))?;
        if group.owner == actor { Ok(invoice) } else { Err(ApiError::new(4001)) }
    }

    fn group_invoices(&self, group: &BillingGroup) -> Vec<Invoice> {
        let number = self.billing_groups.iter().position(|other| other.id == group.id).unwrap_or_default();
        let this_month = month_start(self.clock.timestamp());
        let mut invoices = Vec::new();
        let mut start = month_start(group.created);
        while start < this_month {
            let end = next_month(start);
            let period = start..end;
            let [analysis, storage, egress] = self.sum(&group.id, &period);
            let id = format!("7{number:03}{}", start.strftime("%Y%m"));
            invoices.push(Invoice { id, period: start.max(group.created)..end, analysis, storage, egress });
            start = end;
        }
        invoices.reverse();
        invoices
    }

    /// Analyses, storage and egress of a group in a period.
    fn sum(&self, group: &str, time: &Range<Timestamp>) -> [u64; 3] {
        [
            self.analysis_breakdown(group, time).iter().map(|charge| charge.price.total()).sum(),
            self.storage_breakdown(group, time).iter().map(StorageLine::micros).sum(),
            self.egress_breakdown(group, time).iter().map(EgressLine::micros).sum(),
        ]
    }

    /// A project as bills show it.
    pub(crate) fn project_ref(&self, id: &str) -> Option<ProjectRef> {
        let project = self.projects.get(id)?;
        Some(ProjectRef {
            group: project.billing_group.clone(),
            name: project.name.clone(),
            created_by: project.owner.clone(),
            location: project
                .settings
                .get("location")
                .and_then(|at| at.as_str())
                .unwrap_or_default()
                .to_owned(),
            locked: project.settings.get("locked").is_some_and(|locked| *locked == true),
        })
    }

    /// Charges the storage of a file that is about to be deleted.
    pub(super) fn settle_storage(&mut self, file: &FileNode) {
        if let Some(bytes) = stored_bytes(file)
            && let Some(project) = self.project_ref(&file.project)
        {
            let time = file.created..self.clock.timestamp();
            self.ledger.stored.push(Stored { project, bytes, time });
        }
    }

    /// Charges a download. Each signed URL counts as one whole read.
    pub(super) fn charge_download(&mut self, actor: &str, project: &str, bytes: u64) {
        if bytes > 0
            && let Some(project) = self.project_ref(project)
        {
            let at = self.clock.timestamp();
            self.ledger.downloads.push(Download { project, user: actor.to_owned(), bytes, at });
        }
    }

    /// Charges a finished task.
    pub(super) fn charge_analysis(&mut self, charge: AnalysisCharge) {
        self.ledger.analyses.push(charge);
    }
}

/// The bytes that are charged: those that the platform stores.
fn stored_bytes(file: &FileNode) -> Option<u64> {
    match &file.content {
        Content::File { object, .. } if file.alias.is_none() && object.size() > 0 => Some(object.size()),
        _ => None,
    }
}

/// `04-24-2024`
fn day(text: &str) -> Outcome<Date> {
    let refused = || ApiError::bad_request(format_args!("`{text}` is not a date in the format MM-DD-YYYY."));
    let numbers: Vec<&str> = text.split('-').collect();
    let [month, day, year] = numbers[..] else { return Err(refused()) };
    if (month.len(), day.len(), year.len()) != (2, 2, 4) {
        return Err(refused());
    }
    let (month, day, year) = (month.parse(), day.parse(), year.parse());
    let (Ok(month), Ok(day), Ok(year)) = (month, day, year) else { return Err(refused()) };
    Date::new(year, month, day).map_err(|_| refused())
}

fn midnight(day: Date) -> Timestamp {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

fn month_start(time: Timestamp) -> Timestamp {
    midnight(TimeZone::UTC.to_datetime(time).date().first_of_month())
}

fn next_month(start: Timestamp) -> Timestamp {
    let first = TimeZone::UTC.to_datetime(start).date();
    first.last_of_month().tomorrow().map_or(Timestamp::MAX, midnight)
}

/// `0.016491`
pub(crate) fn dollars(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_parse_as_month_day_year() {
        assert_eq!(day("04-24-2024").ok(), Some(Date::constant(2024, 4, 24)));
        for wrong in
            ["2024-04-24", "24-04-2024", "4-24-2024", "04-31-2024", "04/24/2024", "", "--", "aa-bb-cccc"]
        {
            assert_eq!(day(wrong).unwrap_err().code, 90000, "{wrong}");
        }
    }

    #[test]
    fn next_month_crosses_the_year() {
        let start = month_start("2023-12-31T23:59:59Z".parse().unwrap());
        assert_eq!(start, "2023-12-01T00:00:00Z".parse().unwrap());
        assert_eq!(next_month(start), "2024-01-01T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn task_costs_started_seconds_and_stored_bytes() {
        let price = |millis, bytes, spot| Price::of(SignedDuration::from_millis(millis), bytes, spot);
        assert_eq!(price(3_600_000, 0, false), Price { computation: 400_000, storage: 0 });
        assert_eq!(price(3_600_000, 2_000_000_000, true), Price { computation: 160_000, storage: 42_000 });
        assert_eq!(price(10, 0, false), price(1000, 0, false));
        assert_eq!(dollars(price(10, 0, false).total()), "0.000112");
    }
}
