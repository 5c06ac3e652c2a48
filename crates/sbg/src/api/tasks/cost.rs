//! What tasks have cost, and running the failed children of a batch again.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _};

use super::{TaskHandle, Tasks};
use crate::error::Result;
use crate::request::fields::Fields;
use crate::types::{self, Price, TaskListStatus};

/// Calls at the same time.
const AT_ONCE: usize = 8;

/// What tasks have cost.
///
/// ```no_run
/// # fn example(costs: sbg::tasks::TaskCosts) {
/// for (currency, amount) in &costs.totals {
///     println!("{amount:.2} {currency}");
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskCosts {
    /// Each task with its price; the children of a batch in place of the batch. There is no price where the platform told none.
    pub tasks: Vec<(String, Option<Price>)>,
    /// The sum of the prices in each currency.
    pub totals: BTreeMap<String, f64>,
}

impl TaskCosts {
    fn of(tasks: Vec<types::Task>) -> Self {
        let mut totals = BTreeMap::new();
        for price in tasks.iter().filter_map(|task| task.price.as_ref()) {
            if let (Some(amount), Some(currency)) =
                (price.amount.as_ref().and_then(types::Number::as_f64), &price.currency)
            {
                *totals.entry(currency.clone()).or_default() += amount;
            }
        }
        Self { tasks: tasks.into_iter().map(|task| (task.id, task.price)).collect(), totals }
    }
}

impl Tasks {
    /// What tasks have cost so far. Of a batch its children count: a hundred of them cost a call.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// let costs = client.tasks().costs(ids).await?;
    /// println!("{} tasks: {:?}", costs.tasks.len(), costs.totals);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// No ids or a malformed one, before anything is sent; or the first error that getting a task brings.
    pub async fn costs<I: Into<String>>(&self, ids: impl IntoIterator<Item = I>) -> Result<TaskCosts> {
        let found = self.bulk_get(ids).await?.into_iter().collect::<Result<Vec<_>>>()?;
        let client = &self.client;
        let of_each = stream::iter(found).map(|task| async move {
            if task.batch != Some(true) {
                return Ok(vec![task]);
            }
            client.task(&task.id).children().fields(Fields::only(["id", "price"])).all().await
        });
        let tasks: Vec<Result<Vec<types::Task>>> = of_each.buffered(AT_ONCE).collect().await;
        let tasks = tasks.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(TaskCosts::of(tasks.into_iter().flatten().collect()))
    }
}

/// A child of a batch that was run again.
///
/// ```no_run
/// # fn example(rerun: sbg::tasks::Rerun) {
/// match rerun.task {
///     Ok(task) => println!("{} runs as {}", rerun.child, task.id),
///     Err(error) => eprintln!("{}: {error}", rerun.child),
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rerun {
    /// The id of the child that failed.
    pub child: String,
    /// The task that runs in its place, or why it was not started.
    pub task: Result<types::Task>,
}

impl TaskHandle {
    /// Runs the failed children of a batch again, each as a task of its own, which costs money. Children that were completed or aborted
    /// are left alone.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, batch: String) -> sbg::Result<()> {
    /// let started = client.task(batch).rerun_failed().await?;
    /// let ids: Vec<String> = started.into_iter().filter_map(|rerun| Some(rerun.task.ok()?.id)).collect();
    /// client.tasks().wait_all(ids).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id, before anything is sent; or whatever listing the children brings. A child that cannot be started has its error in
    /// the list.
    pub async fn rerun_failed(&self) -> Result<Vec<Rerun>> {
        self.checked()?;
        let failed =
            self.children().status(TaskListStatus::Failed).fields(Fields::only(["id"])).all().await?;
        let reruns = stream::iter(failed).map(|child| async move {
            let task = self.client.task(&child.id).clone_task().send().await;
            Rerun { child: child.id, task }
        });
        Ok(reruns.buffered(AT_ONCE).collect().await)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prices_are_summed_by_currency() {
        let tasks = serde_json::from_value(json!([
            {"id": "a", "price": {"currency": "USD", "amount": "0.25"}},
            {"id": "b", "price": {"currency": "USD", "amount": 0.5}},
            {"id": "c", "price": {"currency": "EUR", "amount": 1}},
            {"id": "d", "price": null},
            {"id": "e", "price": {"currency": "USD"}},
        ]));
        let costs = TaskCosts::of(tasks.unwrap());
        let totals: Vec<_> =
            costs.totals.iter().map(|(currency, amount)| (currency.as_str(), *amount)).collect();
        assert_eq!(totals, [("EUR", 1.0), ("USD", 0.75)]);
        assert_eq!(costs.tasks.len(), 5);
    }
}
