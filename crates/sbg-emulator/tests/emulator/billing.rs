//! What things cost, and the invoices.

use serde_json::Value;

use crate::Bench;

fn amount(value: &Value) -> f64 {
    value["amount"].as_str().unwrap_or_else(|| panic!("no amount: {value}")).parse().unwrap()
}

async fn group(bench: &Bench) -> String {
    let id = bench.get("/billing/groups").await.column("id")[0].clone();
    format!("/billing/groups/{id}")
}

#[tokio::test]
async fn a_billing_group_belongs_to_its_owner() {
    let mut bench = Bench::start().await;
    assert!(bench.get("/billing").await.text("invoices_url").ends_with("/billing/invoices/"));
    let path = group(&bench).await;
    let shown = bench.get(&path).await;
    assert_eq!((shown.text("owner"), shown.text("type")), ("rfranklin".to_owned(), "free".to_owned()));
    assert_eq!(bench.get("/billing/groups/x").await.code(), 4005);
    assert_eq!(bench.get("/billing/groups/00000000-0000-4000-8000-000000000000").await.code(), 4002);
    bench.become_user("fcrick");
    assert!(bench.get("/billing/groups").await.column("id").is_empty());
    assert_eq!(bench.get(&path).await.code(), 4001);
    assert_eq!(bench.get(&format!("{path}/breakdown/storage")).await.code(), 4001);
}

#[tokio::test]
async fn storage_costs_by_size_and_time_also_after_the_file_is_gone() {
    let bench = Bench::start().await;
    let project = bench.emulator.create_project("demo");
    let file = bench.emulator.create_large_file(&project, "big", 3_000_000_000);
    bench.wait(10 * 24 * 3600);
    let path = format!("{}/breakdown/storage?date_from=01-01-2020", group(&bench).await);
    let cost = async || {
        let page = bench.get(&path).await;
        let line = page.json["items"][0].clone();
        assert_eq!((&line["project_name"], &line["active"]["unit"]), (&"demo".into(), &"GB".into()));
        amount(&line["active"]["cost"])
    };
    // 3 GB for a third of a month at 0.021.
    assert!((cost().await - 0.021).abs() < 0.0001);
    bench.delete(&format!("/files/{file}")).await;
    bench.wait(10 * 24 * 3600);
    assert!((cost().await - 0.021).abs() < 0.0001);
}

#[tokio::test]
async fn downloads_are_charged_to_the_project_and_told_by_user() {
    let bench = Bench::start().await;
    let project = bench.emulator.create_project("demo");
    let file = bench.emulator.create_large_file(&project, "big", 2_000_000_000);
    bench.download_url(&file).await;
    bench.wait(1);
    let page = bench.get(&format!("{}/breakdown/egress", group(&bench).await)).await;
    let line = &page.json["items"][0];
    assert_eq!(
        (&line["downloaded_by"], &line["downloaded"]["size"]),
        (&"rfranklin".into(), &"2.000000".into())
    );
    assert!((amount(&line["egress_cost"]) - 0.18).abs() < 1e-9);
    let locked = serde_json::json!({"settings": {"locked": true}});
    bench.patch("/projects/rfranklin/demo", locked).await;
    let page = bench.get(&format!("{}/breakdown/storage", group(&bench).await)).await;
    let line = page.json["items"][0].as_object().unwrap();
    assert_eq!(line["project_locked"], true);
    assert!(!line.contains_key("project_name"));
}

#[tokio::test]
async fn a_month_that_is_over_has_an_invoice_that_agrees_with_its_breakdowns() {
    let bench = Bench::start().await;
    let project = bench.emulator.create_project("demo");
    let file = bench.emulator.create_large_file(&project, "big", 50_000_000_000);
    bench.download_url(&file).await;
    assert!(bench.get("/billing/invoices").await.column("invoice_id").is_empty());
    bench.wait(62 * 24 * 3600);
    let ids = bench.get("/billing/invoices").await.column("invoice_id");
    assert!(ids.len() >= 2, "{ids:?}");
    let first = ids.last().unwrap();
    let invoice = bench.get(&format!("/billing/invoices/{first}")).await.json;
    let path = group(&bench).await;
    let sum = async |kind: &str, cost: fn(&Value) -> &Value| {
        let page = bench.get(&format!("{path}/breakdown/{kind}?invoice_id={first}")).await.json;
        page["items"].as_array().unwrap().iter().map(|line| amount(cost(line))).sum::<f64>()
    };
    let (storage, egress) = (
        sum("storage", |line| &line["active"]["cost"]).await,
        sum("egress", |line| &line["egress_cost"]).await,
    );
    assert!(egress > 0.0);
    assert!((amount(&invoice["storage_costs"]) - storage).abs() < 1e-9);
    assert!((amount(&invoice["total"]) - storage - egress).abs() < 1e-9);
    assert_eq!(bench.get("/billing/invoices/1").await.code(), 4002);
    assert_eq!(bench.get(&format!("{path}/breakdown/egress?date_from=2024-01-01")).await.code(), 90000);
    assert_eq!(bench.get(&format!("{path}/breakdown/egress?invoice_id=1")).await.code(), 4002);
    let before = bench.get(&format!("{path}/breakdown/egress?date_to=01-01-2020")).await;
    assert_eq!(before.json["items"], serde_json::json!([]));
}
