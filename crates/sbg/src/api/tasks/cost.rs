//! The cost of tasks, and reruns of the failed children of a batch.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _};

use super::{TaskHandle, Tasks};
use crate::error::Result;
use crate::request::fields::Fields;
use crate::types::{self, Price, TaskListStatus};

/// Calls in parallel.
const AT_ONCE: usize = 8;

/// The cost of tasks.
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
    /// Each task with its price; for a batch, its children instead. `None` if the platform gave no price.
    pub tasks: Vec<(String, Option<Price>)>,
    /// The total price in each currency.
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
    /// The cost of tasks so far. A batch counts by its children, which are fetched 100 per call.
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
    /// Refused before any request: no ids or an invalid one. Otherwise the first error of getting a task.
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

/// A rerun of a failed child of a batch.
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
    /// The new task, or why it was not started.
    pub task: Result<types::Task>,
}

impl TaskHandle {
    /// Reruns the failed children of a batch, each as a separate task, which costs money. Completed and aborted children are left
    /// alone.
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
    /// Refused before any request: an invalid id. Otherwise the error of listing the children. A child that cannot be started has its
    /// error in the returned list.
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
