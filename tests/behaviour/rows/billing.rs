//! Billing groups, their costs, and invoices.

use jiff::civil::date;
use sbg::billing::{BillingGroupHandle, InvoiceExt as _};

use super::{Row, Scene, row};

/// The billing group of the demo world, which pays for everything.
async fn group(scene: &Scene) -> sbg::Result<BillingGroupHandle> {
    let groups = scene.client.billing_groups().query().all().await?;
    scene.prepared();
    Ok(scene.client.billing_group(&groups[0].id))
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("api.billing_groups.query(offset=0, limit=10)", async |scene, client| {
            let groups = client.billing_groups().query().offset(0).page_size(10).page().await?;
            assert_eq!((groups.items.len(), groups.total), (1, Some(1)));
            scene.sent("GET /billing/groups?offset=0&limit=10");
            Ok(())
        }),
        row("api.billing_groups.query(limit=1)[0]", async |scene, client| {
            let groups = client.billing_groups().query().page_size(1).page().await?;
            let bg = groups.items.first().expect("a billing group");
            assert_eq!(bg.name.as_deref(), Some("Rosalind Franklin's billing group"));
            scene.sent("GET /billing/groups?offset=0&limit=1");
            Ok(())
        }),
        row("api.billing_groups.get(id='f1969c90-da54-4118-8e96-c3f0b49a163d')", async |scene, client| {
            let id = group(scene).await?.id().to_owned();
            let group = client.billing_group(&id).get().await?;
            assert_eq!(group.owner.as_deref(), Some("rfranklin"));
            assert!(group.balance.is_some_and(|balance| balance.amount.is_some()));
            scene.sent(&format!("GET /billing/groups/{id}"));
            Ok(())
        }),
        row("billing_group.breakdown()", async |scene, _| {
            let group = group(scene).await?;
            let (first, last) = (date(2020, 1, 1), date(2090, 12, 31));
            let analyses = group.analysis_breakdown().date_from(first).date_to(last).all().await?;
            let storage = group.storage_breakdown().date_from(first).date_to(last).all().await?;
            let egress = group.egress_breakdown().date_from(first).date_to(last).all().await?;
            assert!(!analyses.is_empty() && !storage.is_empty() && !egress.is_empty());
            assert!(analyses.iter().all(|analysis| analysis.analysis_cost.is_some()));
            for kind in ["analysis", "storage", "egress"] {
                let days = "date_from=01-01-2020&date_to=12-31-2090";
                scene.sent(&format!(
                    "GET /billing/groups/{}/breakdown/{kind}?{days}&offset=0&limit=100",
                    group.id()
                ));
            }
            Ok(())
        }),
        row("api.invoices.query()", async |scene, client| {
            let invoices = client.invoices().query().all().await?;
            assert!(!invoices.is_empty());
            scene.sent("GET /billing/invoices?offset=0&limit=100");
            Ok(())
        }),
        row("api.invoices.get(id='6351830069')", async |scene, client| {
            let invoices = client.invoices().query().all().await?;
            let id = invoices[0].any_id().expect("an id").to_owned();
            scene.prepared();
            let invoice = client.invoice(&id).get().await?;
            assert_eq!(invoice.any_id(), Some(id.as_str()));
            assert!(invoice.total.is_some() && invoice.invoice_period.is_some());
            scene.sent(&format!("GET /billing/invoices/{id}"));
            Ok(())
        }),
    ]
}
