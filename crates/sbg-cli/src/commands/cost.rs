//! `cost`: what billing groups have spent.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use sbg::billing::{BillingGroupHandle, Breakdown};
use sbg::{List, Query};
use serde::Serialize;
use serde_json::Value;

use crate::context::Context;
use crate::records::{self, Record};
use crate::units::parse_date;

/// Show billing groups, or what one has spent for each project
#[derive(Args, Debug)]
pub(crate) struct Cost {
    /// Id of a billing group; all groups with their balance without it
    billing_group: Option<String>,
    /// First day
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    from: Option<Date>,
    /// Last day
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    to: Option<Date>,
    /// Only this kind of costs
    #[arg(long, value_enum)]
    only: Option<Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Analysis,
    Storage,
    Egress,
}

/// Costs by project and currency.
type Sums = BTreeMap<(String, String), f64>;

impl Cost {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let Some(id) = &self.billing_group else {
            let mut groups = client.billing_groups().query().items();
            while let Some(group) = groups.try_next().await? {
                // A list names the groups; each has its balance.
                let group = client.billing_group(&group.id).get().await?;
                let record = records::billing_group(&group);
                let cells = [&group.id, record.text("name"), &balance(&record)];
                context.out.row(&record, cells)?;
            }
            return Ok(());
        };
        let group = client.billing_group(id);
        let mut total: BTreeMap<String, f64> = BTreeMap::new();
        for kind in [Kind::Analysis, Kind::Storage, Kind::Egress] {
            if self.only.is_some_and(|only| only != kind) {
                continue;
            }
            let name = kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
            for ((project, currency), amount) in self.sums(&group, kind).await? {
                *total.entry(currency.clone()).or_default() += amount;
                let record =
                    records::cost(&name, Some(amount), Some(&currency)).with("project", project.clone());
                context.out.row(&record, [&name, &project, &format!("{amount:.2}"), &currency])?;
            }
        }
        for (currency, amount) in total {
            let record = records::cost("total", Some(amount), Some(&currency));
            context.out.row(&record, ["total", "", &format!("{amount:.2}"), &currency])?;
        }
        Ok(())
    }

    async fn sums(&self, group: &BillingGroupHandle, kind: Kind) -> Result<Sums> {
        let mut sums = Sums::new();
        match kind {
            Kind::Analysis => {
                let rows = self.period(group.analysis_breakdown());
                add(rows, &mut sums, &["/analysis_cost"]).await?;
            }
            Kind::Storage => {
                let rows = self.period(group.storage_breakdown());
                add(rows, &mut sums, &["/active/cost", "/archived/cost"]).await?;
            }
            Kind::Egress => {
                let rows = self.period(group.egress_breakdown());
                add(rows, &mut sums, &["/egress_cost"]).await?;
            }
        }
        Ok(sums)
    }

    fn period<T>(&self, query: Query<Breakdown<T>>) -> Query<Breakdown<T>>
    where
        Breakdown<T>: List,
    {
        let query = if let Some(from) = self.from { query.date_from(from) } else { query };
        if let Some(to) = self.to { query.date_to(to) } else { query }
    }
}

/// Adds the costs at these pointers in each row.
async fn add<L: List>(query: Query<L>, sums: &mut Sums, pointers: &[&str]) -> Result<()>
where
    L::Item: Serialize,
{
    let mut rows = query.items();
    while let Some(row) = rows.try_next().await? {
        let row = serde_json::to_value(row)?;
        let project = row.get("project_name").and_then(Value::as_str).unwrap_or_default();
        for pointer in pointers {
            let Some(price) = row.pointer(pointer) else { continue };
            let amount = match price.get("amount") {
                Some(Value::String(text)) => text.parse().ok(),
                other => other.and_then(Value::as_f64),
            };
            let currency = price.get("currency").and_then(Value::as_str).unwrap_or_default();
            if let Some(amount) = amount {
                *sums.entry((project.to_owned(), currency.to_owned())).or_default() += amount;
            }
        }
    }
    Ok(())
}

fn balance(record: &Record) -> String {
    let fields = record.fields();
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    format!("{} {}", field("balance.amount").unwrap_or("-"), field("balance.currency").unwrap_or_default())
}
