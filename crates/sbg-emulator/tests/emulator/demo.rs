//! The small world to try things out in.

use sbg_emulator::Emulator;

use crate::Bench;

#[tokio::test]
async fn the_demo_world_has_something_of_everything() {
    let bench = Bench::with(Emulator::builder().demo(true)).await;
    assert_eq!(
        bench.get("/projects").await.column("id"),
        ["rfranklin/fibre-diffraction", "rfranklin/rna-pilot"]
    );
    let project = "rfranklin/fibre-diffraction";
    assert_eq!(bench.get(&format!("/apps?project={project}")).await.column("id").len(), 4);
    let tasks = bench.get(&format!("/tasks?project={project}&fields=status")).await;
    assert_eq!(tasks.column("status"), ["COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "DRAFT"]);
    assert!(
        bench.get(&format!("/files?project={project}")).await.column("name").contains(&"patterns".to_owned())
    );
    assert_eq!(bench.get("/storage/imports").await.column("state"), ["COMPLETED"]);
    assert_eq!(bench.get("/storage/exports").await.column("state"), ["COMPLETED"]);
    assert_eq!(
        bench.get("/storage/volumes/rfranklin/patterns/list").await.column("location"),
        ["README.txt"]
    );
    let invoices = bench.get("/billing/invoices?fields=_all").await;
    let first = invoices.json["items"].as_array().unwrap().last().unwrap().clone();
    for costs in ["analysis_costs", "storage_costs", "egress_costs"] {
        assert_ne!(first[costs]["amount"], "0.000000", "{costs}: {invoices:?}");
    }
}
