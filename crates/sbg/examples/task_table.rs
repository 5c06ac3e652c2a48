//! Creates a draft of a task for each row of a table whose columns are inputs of the app: `task_table OWNER/PROJECT APP TABLE`.

use anyhow::Result;
use sbg::Client;
use sbg::tasks::TaskTable;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, app, table] = &arguments[..] else {
        eprintln!("usage: task_table OWNER/PROJECT APP TABLE");
        std::process::exit(2);
    };
    let client = Client::from_env()?;

    let table = TaskTable::read(table)?;
    let created = client.project(project).tasks().create_from(app, table).run(false).await?;
    for row in &created.rows {
        match &row.task {
            Ok(task) => println!("line {}: {}", row.line, task.name.as_deref().unwrap_or_default()),
            Err(error) => println!("line {}: {error}", row.line),
        }
    }
    println!("{} drafts", created.rows.len() - created.failed().count());
    Ok(())
}
