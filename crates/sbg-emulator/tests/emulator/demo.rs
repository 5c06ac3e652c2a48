//! The sample data.

use sbg_emulator::Emulator;

use crate::TestEnv;

#[tokio::test]
async fn demo_has_data_of_every_kind() {
    let env = TestEnv::with(Emulator::builder().demo(true)).await;
    assert_eq!(
        env.get("/projects").await.column("id"),
        ["rfranklin/fibre-diffraction", "rfranklin/rna-pilot"]
    );
    let project = "rfranklin/fibre-diffraction";
    assert_eq!(env.get(&format!("/apps?project={project}")).await.column("id").len(), 4);
    let tasks = env.get(&format!("/tasks?project={project}&fields=status")).await;
    assert_eq!(tasks.column("status"), ["COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "DRAFT"]);
    assert!(
        env.get(&format!("/files?project={project}")).await.column("name").contains(&"patterns".to_owned())
    );
    assert_eq!(env.get("/storage/imports").await.column("state"), ["COMPLETED"]);
    assert_eq!(env.get("/storage/exports").await.column("state"), ["COMPLETED"]);
    assert_eq!(env.get("/storage/volumes/rfranklin/patterns/list").await.column("location"), ["README.txt"]);
    let invoices = env.get("/billing/invoices?fields=_all").await;
    let first = invoices.json["items"].as_array().unwrap().last().unwrap().clone();
    for costs in ["analysis_costs", "storage_costs", "egress_costs"] {
        assert_ne!(first[costs]["amount"], "0.000000", "{costs}: {invoices:?}");
    }
}
