//! Billing groups, what they were charged for, invoices.

use serde_json::{Map, Value, json};

use super::page;
use crate::{
    clock::rfc3339,
    error::Outcome,
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{
        World,
        billing::{AnalysisCharge, EgressLine, Invoice, PeriodFilter, ProjectRef, StorageLine, dollars},
        users::BillingGroup,
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/billing", index),
    Route::get("/billing/groups", list),
    Route::get("/billing/groups/{billing_group}", get),
    Route::get("/billing/groups/{billing_group}/breakdown/analysis", analysis),
    Route::get("/billing/groups/{billing_group}/breakdown/storage", storage),
    Route::get("/billing/groups/{billing_group}/breakdown/egress", egress),
    Route::get("/billing/invoices", list_invoices),
    Route::get("/billing/invoices/{invoice_id}", get_invoice),
];

const SHORT: &[&str] = &["id", "href", "name"];
const INVOICE_SHORT: &[&str] = &["href", "invoice_id", "id", "pending", "invoice_period"];

#[expect(clippy::unnecessary_wraps, reason = "handlers have one type")]
fn index(_: &mut World, request: &Request) -> Outcome<Reply> {
    let body = json!({
        "billing_groups_url": request.href("/billing/groups/"),
        "invoices_url": request.href("/billing/invoices/"),
    });
    Ok(Reply::object(request, body))
}

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let groups = world.list_billing_groups(&request.actor);
    page::reply(request, &groups, SHORT, |group| render(world, request, group))
}

fn get(world: &mut World, request: &Request) -> Outcome<Reply> {
    let group = world.billing_group(&request.actor, request.param("billing_group"))?;
    Ok(Reply::object(request, render(world, request, group)))
}

fn analysis(world: &mut World, request: &Request) -> Outcome<Reply> {
    let group = world.billing_group(&request.actor, request.param("billing_group"))?;
    let charges = world.analysis_breakdown(&group.id, &world.period(group, filter(request))?);
    page::whole(request, &charges, |charge| analysis_line(charge))
}

fn storage(world: &mut World, request: &Request) -> Outcome<Reply> {
    let group = world.billing_group(&request.actor, request.param("billing_group"))?;
    let lines = world.storage_breakdown(&group.id, &world.period(group, filter(request))?);
    page::whole(request, &lines, storage_line)
}

fn egress(world: &mut World, request: &Request) -> Outcome<Reply> {
    let group = world.billing_group(&request.actor, request.param("billing_group"))?;
    let lines = world.egress_breakdown(&group.id, &world.period(group, filter(request))?);
    page::whole(request, &lines, egress_line)
}

fn list_invoices(world: &mut World, request: &Request) -> Outcome<Reply> {
    let invoices = world.list_invoices(&request.actor, request.query("billing_group"))?;
    page::reply(request, &invoices, INVOICE_SHORT, |invoice| render_invoice(request, invoice))
}

fn get_invoice(world: &mut World, request: &Request) -> Outcome<Reply> {
    let invoice = world.invoice(&request.actor, request.param("invoice_id"))?;
    Ok(Reply::object(request, render_invoice(request, &invoice)))
}

fn nonempty<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query(name).filter(|text| !text.is_empty())
}

fn filter(request: &Request) -> PeriodFilter<'_> {
    PeriodFilter {
        from: nonempty(request, "date_from"),
        to: nonempty(request, "date_to"),
        invoice: nonempty(request, "invoice_id"),
    }
}

fn render(world: &World, request: &Request, group: &BillingGroup) -> Value {
    let balance = world.balance(group);
    let (sign, micros) = (if balance < 0 { "-" } else { "" }, balance.unsigned_abs());
    json!({
        "id": group.id,
        "href": request.href(&format!("/billing/groups/{}", group.id)),
        "owner": group.owner,
        "name": group.name,
        "type": "free",
        "pending": false,
        "disabled": false,
        "balance": money(&format!("{sign}{}", dollars(u64::try_from(micros).unwrap_or(u64::MAX)))),
    })
}

fn money(amount: &str) -> Value {
    json!({ "currency": "USD", "amount": amount })
}

/// A bill shows only the amounts of a locked project.
fn unless_locked(project: &ProjectRef, mut line: Value, details: Value) -> Value {
    line["project_locked"] = project.locked.into();
    if let (false, Value::Object(line), Value::Object(details)) = (project.locked, &mut line, details) {
        let mut named = Map::from_iter([("project_name".to_owned(), Value::from(project.name.as_str()))]);
        named.extend(details);
        named.extend(std::mem::take(line));
        *line = named;
    }
    line
}

fn analysis_line(charge: &AnalysisCharge) -> Value {
    let mut cost = money(&dollars(charge.price.total()));
    cost["breakdown"] = json!({
        "storage": dollars(charge.price.storage),
        "computation": dollars(charge.price.computation),
        "data_transfer_in": dollars(0),
    });
    let line = json!({
        "analysis_type": "TASK",
        "analysis_id": charge.id,
        "analysis_cost": cost,
        "refunded_amount": dollars(0),
    });
    let details = json!({
        "analysis_app_name": charge.app,
        "analysis_name": charge.name,
        "ran_by": charge.ran_by,
        "analysis_status": charge.status.name(),
        "time_started": rfc3339(charge.started),
        "time_finished": rfc3339(charge.finished),
    });
    unless_locked(&charge.project, line, details)
}

fn storage_line(line: &StorageLine) -> Value {
    let amount = |size: f64, micros| json!({ "size": format!("{size:.6}"), "unit": "GB", "cost": money(&dollars(micros)) });
    let shown = json!({
        "active": amount(line.gigabytes(), line.micros()),
        // Nothing is archived.
        "archived": amount(0.0, 0),
    });
    let details = json!({ "project_created_by": line.project.created_by, "location": line.project.location });
    unless_locked(&line.project, shown, details)
}

fn egress_line(line: &EgressLine) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "it is shown with six digits")]
    let size = line.bytes as f64 / 1e9;
    let shown = json!({
        "downloaded": { "size": format!("{size:.6}"), "unit": "GB" },
        "egress_cost": money(&dollars(line.micros())),
    });
    unless_locked(&line.project, shown, json!({ "downloaded_by": line.user }))
}

fn render_invoice(request: &Request, invoice: &Invoice) -> Value {
    json!({
        "href": request.href(&format!("/billing/invoices/{}", invoice.id)),
        // The contract has one name, the official client reads the other.
        "invoice_id": invoice.id,
        "id": invoice.id,
        "pending": false,
        "approval_date": rfc3339(invoice.period.end),
        "invoice_period": { "from": rfc3339(invoice.period.start), "to": rfc3339(invoice.period.end) },
        "analysis_costs": money(&dollars(invoice.analysis)),
        "storage_costs": money(&dollars(invoice.storage)),
        "egress_costs": money(&dollars(invoice.egress)),
        "total": money(&dollars(invoice.analysis + invoice.storage + invoice.egress)),
    })
}
