//! Prints what each task of a project has cost, and the sum; a batch counts by its children: `task_costs OWNER/PROJECT`.

use anyhow::Result;
use sbg::{Client, Fields};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project] = &arguments[..] else {
        eprintln!("usage: task_costs OWNER/PROJECT");
        std::process::exit(2);
    };
    let client = Client::from_env()?;

    let tasks = client.project(project).tasks().query().fields(Fields::only(["id"])).all().await?;
    let costs = client.tasks().costs(tasks.into_iter().map(|task| task.id)).await?;
    for (id, price) in &costs.tasks {
        match price.as_ref().and_then(|price| price.amount.as_ref()?.as_f64()) {
            Some(amount) => println!("{id} {amount:.2}"),
            None => println!("{id} has no price"),
        }
    }
    for (currency, amount) in &costs.totals {
        println!("{amount:.2} {currency} in all");
    }
    Ok(())
}
