//! Prints the costs of a period by billing group: `costs FIRST_DAY LAST_DAY`, with days such as `2024-04-30`.

use anyhow::Result;
use jiff::civil::Date;
use sbg::Client;
use sbg::billing::BillingGroupHandle;
use sbg::types::Price;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, last] = &arguments[..] else {
        eprintln!("usage: costs FIRST_DAY LAST_DAY");
        std::process::exit(2);
    };
    let (first, last) = (first.parse()?, last.parse()?);
    let client = Client::from_env()?;

    let mut groups = client.billing_groups().query().items();
    while let Some(group) = groups.try_next().await? {
        let handle = client.billing_group(&group.id);
        println!("{}", group.name.unwrap_or_default());
        println!("  analysis {:.2}", analysis(&handle, first, last).await?);
        println!("  storage  {:.2}", storage(&handle, first, last).await?);
        println!("  egress   {:.2}", egress(&handle, first, last).await?);
    }
    Ok(())
}

async fn analysis(group: &BillingGroupHandle, first: Date, last: Date) -> Result<f64> {
    let mut lines = group.analysis_breakdown().date_from(first).date_to(last).items();
    let mut sum = 0.0;
    while let Some(line) = lines.try_next().await? {
        sum += amount(line.analysis_cost);
    }
    Ok(sum)
}

async fn storage(group: &BillingGroupHandle, first: Date, last: Date) -> Result<f64> {
    let mut lines = group.storage_breakdown().date_from(first).date_to(last).items();
    let mut sum = 0.0;
    while let Some(line) = lines.try_next().await? {
        sum += amount(line.active.and_then(|active| active.cost));
        sum += amount(line.archived.and_then(|archived| archived.cost));
    }
    Ok(sum)
}

async fn egress(group: &BillingGroupHandle, first: Date, last: Date) -> Result<f64> {
    let mut lines = group.egress_breakdown().date_from(first).date_to(last).items();
    let mut sum = 0.0;
    while let Some(line) = lines.try_next().await? {
        sum += amount(line.egress_cost);
    }
    Ok(sum)
}

fn amount(price: Option<Price>) -> f64 {
    price.and_then(|price| price.amount?.as_f64()).unwrap_or(0.0)
}
