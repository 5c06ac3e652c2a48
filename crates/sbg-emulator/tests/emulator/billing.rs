//! Costs and invoices.

use serde_json::Value;

use crate::TestEnv;

fn amount(value: &Value) -> f64 {
    value["amount"].as_str().unwrap_or_else(|| panic!("no amount: {value}")).parse().unwrap()
}

async fn group(env: &TestEnv) -> String {
    let id = env.get("/billing/groups").await.column("id")[0].clone();
    format!("/billing/groups/{id}")
}

#[tokio::test]
async fn billing_group_is_visible_to_its_owner_only() {
    let mut env = TestEnv::start().await;
    assert!(env.get("/billing").await.text("invoices_url").ends_with("/billing/invoices/"));
    let path = group(&env).await;
    let shown = env.get(&path).await;
    assert_eq!((shown.text("owner"), shown.text("type")), ("rfranklin".to_owned(), "free".to_owned()));
    assert_eq!(env.get("/billing/groups/x").await.code(), 4005);
    assert_eq!(env.get("/billing/groups/00000000-0000-4000-8000-000000000000").await.code(), 4002);
    env.as_user("fcrick");
    assert!(env.get("/billing/groups").await.column("id").is_empty());
    assert_eq!(env.get(&path).await.code(), 4001);
    assert_eq!(env.get(&format!("{path}/breakdown/storage")).await.code(), 4001);
}

#[tokio::test]
async fn storage_cost_remains_after_deletion() {
    let env = TestEnv::start().await;
    let project = env.emulator.create_project("demo");
    let file = env.emulator.create_large_file(&project, "big", 3_000_000_000);
    env.advance_clock(10 * 24 * 3600);
    let path = format!("{}/breakdown/storage?date_from=01-01-2020", group(&env).await);
    let cost = async || {
        let page = env.get(&path).await;
        let line = page.json["items"][0].clone();
        assert_eq!((&line["project_name"], &line["active"]["unit"]), (&"demo".into(), &"GB".into()));
        amount(&line["active"]["cost"])
    };
    // 3 GB for a third of a month at 0.021.
    assert!((cost().await - 0.021).abs() < 0.0001);
    env.delete(&format!("/files/{file}")).await;
    env.advance_clock(10 * 24 * 3600);
    assert!((cost().await - 0.021).abs() < 0.0001);
}

#[tokio::test]
async fn downloads_are_billed_to_the_project() {
    let env = TestEnv::start().await;
    let project = env.emulator.create_project("demo");
    let file = env.emulator.create_large_file(&project, "big", 2_000_000_000);
    env.download_url(&file).await;
    env.advance_clock(1);
    let page = env.get(&format!("{}/breakdown/egress", group(&env).await)).await;
    let line = &page.json["items"][0];
    assert_eq!(
        (&line["downloaded_by"], &line["downloaded"]["size"]),
        (&"rfranklin".into(), &"2.000000".into())
    );
    assert!((amount(&line["egress_cost"]) - 0.18).abs() < 1e-9);
    let locked = serde_json::json!({"settings": {"locked": true}});
    env.patch("/projects/rfranklin/demo", locked).await;
    let page = env.get(&format!("{}/breakdown/storage", group(&env).await)).await;
    let line = page.json["items"][0].as_object().unwrap();
    assert_eq!(line["project_locked"], true);
    assert!(!line.contains_key("project_name"));
}

#[tokio::test]
async fn invoice_matches_its_breakdowns() {
    let env = TestEnv::start().await;
    let project = env.emulator.create_project("demo");
    let file = env.emulator.create_large_file(&project, "big", 50_000_000_000);
    env.download_url(&file).await;
    assert!(env.get("/billing/invoices").await.column("invoice_id").is_empty());
    env.advance_clock(62 * 24 * 3600);
    let ids = env.get("/billing/invoices").await.column("invoice_id");
    assert!(ids.len() >= 2, "{ids:?}");
    let first = ids.last().unwrap();
    let invoice = env.get(&format!("/billing/invoices/{first}")).await.json;
    let path = group(&env).await;
    let sum = async |kind: &str, cost: fn(&Value) -> &Value| {
        let page = env.get(&format!("{path}/breakdown/{kind}?invoice_id={first}")).await.json;
        page["items"].as_array().unwrap().iter().map(|line| amount(cost(line))).sum::<f64>()
    };
    let (storage, egress) = (
        sum("storage", |line| &line["active"]["cost"]).await,
        sum("egress", |line| &line["egress_cost"]).await,
    );
    assert!(egress > 0.0);
    assert!((amount(&invoice["storage_costs"]) - storage).abs() < 1e-9);
    assert!((amount(&invoice["total"]) - storage - egress).abs() < 1e-9);
    assert_eq!(env.get("/billing/invoices/1").await.code(), 4002);
    assert_eq!(env.get(&format!("{path}/breakdown/egress?date_from=2024-01-01")).await.code(), 90000);
    assert_eq!(env.get(&format!("{path}/breakdown/egress?invoice_id=1")).await.code(), 4002);
    let before = env.get(&format!("{path}/breakdown/egress?date_to=01-01-2020")).await;
    assert_eq!(before.json["items"], serde_json::json!([]));
}
