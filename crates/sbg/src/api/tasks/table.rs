//! Tasks from a table: one task for each row, the columns are inputs of the app.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use futures::{StreamExt as _, stream};

use super::input_types::{self, InputType};
use super::{ExecutionSettings, ProjectTasks, TaskValue};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{AppId, Given, IntoId, ProjectId, excerpt};
use crate::request::call::awaitable;
use crate::table::{Table, read_all, read_file};
use crate::types;

/// Tasks that are created in parallel.
const AT_ONCE: usize = 8;

/// Columns that are not inputs, unless written `input:name`.
const NAME: &str = "name";
const DESCRIPTION: &str = "description";
const INPUT: &str = "input:";

/// A table of tasks: comma-separated values, or tab-separated if the first line has tabs. The first line names the columns.
///
/// `name` and `description` are those of the task; every other column is an input of the app. `input:name` is the input `name`. An empty
/// cell leaves the input out. Values are read by the type of the input:
///
/// - files and folders: an id, or a path in the project, such as `reads/51.fastq.gz`;
/// - numbers, and `true` or `false`;
/// - lists: values separated by `;`;
/// - records and other types: JSON if the cell begins with `{` or `[`, else text.
///
/// ```
/// let table = sbg::tasks::TaskTable::parse("name,reads\nS1,reads/1.fastq\nS2,reads/2.fastq\n".as_bytes())?;
/// assert_eq!(table.len(), 2);
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TaskTable {
    columns: Vec<String>,
    rows: Vec<TableRow>,
}

/// A row.
#[derive(Clone, Debug)]
struct TableRow {
    /// Line number in the file, from 1.
    line: u64,
    /// Column and value, where there is one, without white space around both.
    cells: Vec<(String, String)>,
    /// Why the row is invalid.
    problem: Option<String>,
}

impl TaskTable {
    /// Reads a table from a file.
    ///
    /// ```no_run
    /// # fn example() -> sbg::Result<()> {
    /// let table = sbg::tasks::TaskTable::read("samples.csv")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is not a regular file or has more than 256 MiB, or an invalid first line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::of_bytes(&read_file(path.as_ref())?)
    }

    /// Parses a table. An invalid row is kept and fails when the tasks are created.
    ///
    /// ```
    /// let error = sbg::tasks::TaskTable::parse("reads,reads\n".as_bytes()).unwrap_err();
    /// assert_eq!(error.message(), "the table of tasks has two columns `reads`");
    /// ```
    ///
    /// # Errors
    ///
    /// A table that cannot be read, or that has a column without a name or two of the same name.
    pub fn parse(table: impl Read) -> Result<Self> {
        Self::of_bytes(&read_all(table, "table of tasks")?)
    }

    fn of_bytes(bytes: &[u8]) -> Result<Self> {
        let Table { columns, rows } = Table::parse(bytes)
            .map_err(|error| Error::invalid("the table of tasks cannot be read").with_source(error))?;
        let mut names = BTreeSet::new();
        for column in &columns {
            if column.is_empty() {
                return Err(Error::invalid("the table of tasks has a column without a name"));
            }
            if !names.insert(column) {
                let column = excerpt(column, 60);
                return Err(Error::invalid(format!("the table of tasks has two columns `{column}`")));
            }
        }
        let rows = rows.into_iter().map(|(line, record)| match record {
            Ok(record) => row(&columns, &record, line),
            Err(error) => TableRow { line, cells: Vec::new(), problem: Some(error.to_string()) },
        });
        let rows = rows.collect();
        Ok(Self { columns, rows })
    }

    /// Number of rows.
    ///
    /// ```
    /// assert_eq!(sbg::tasks::TaskTable::parse("reads\na\nb\n".as_bytes())?.len(), 2);
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    ///
    /// ```
    /// assert!(sbg::tasks::TaskTable::parse("reads\n".as_bytes())?.is_empty());
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn row(columns: &[String], record: &csv::StringRecord, line: u64) -> TableRow {
    let problem = (record.len() != columns.len()).then(|| {
        let (wanted, given) = (columns.len(), record.len());
        format!("the row has {given} values, and the table has {wanted} columns")
    });
    let cells = columns.iter().zip(record).map(|(column, value)| (column.clone(), value.trim().to_owned()));
    TableRow { line, cells: cells.filter(|(_, value)| !value.is_empty()).collect(), problem }
}

impl ProjectTasks {
    /// Creates a task of an app for each row of a table: `.await` it for drafts, or set [`run`](TasksFromTable::run) first. A row that is
    /// wrong fails alone.
    ///
    /// ```no_run
    /// # async fn example(project: sbg::projects::ProjectHandle) -> sbg::Result<()> {
    /// use sbg::tasks::TaskTable;
    ///
    /// let table = TaskTable::read("samples.csv")?;
    /// let created = project.tasks().create_from("rfranklin/demo/helix-angle", table).run(true).await?;
    /// for row in created.rows {
    ///     match row.task {
    ///         Ok(task) => println!("line {}: {}", row.line, task.id),
    ///         Err(error) => eprintln!("line {}: {error}", row.line),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_from(&self, app: impl IntoId<AppId>, table: TaskTable) -> TasksFromTable {
        let client = self.tasks.client.clone();
        TasksFromTable {
            client,
            app: app.into_id(),
            project: self.id.clone(),
            table,
            settings: None,
            run: false,
        }
    }
}

/// The tasks of a table, to create.
///
/// ```no_run
/// # async fn example(project: sbg::projects::ProjectHandle, table: sbg::tasks::TaskTable) -> sbg::Result<()> {
/// let drafts = project.tasks().create_from("rfranklin/demo/helix-angle", table).await?;
/// println!("{} rows failed", drafts.failed().count());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct TasksFromTable {
    client: Client,
    app: Given<AppId>,
    project: Given<ProjectId>,
    table: TaskTable,
    settings: Option<ExecutionSettings>,
    run: bool,
}

impl TasksFromTable {
    /// Whether each task runs at once, which costs money. `false` by default: they are drafts.
    ///
    /// ```
    /// # fn example(tasks: sbg::tasks::TasksFromTable) {
    /// let tasks = tasks.run(true);
    /// # }
    /// ```
    pub fn run(mut self, run: bool) -> Self {
        self.run = run;
        self
    }

    /// The execution settings of every task.
    ///
    /// ```
    /// # fn example(tasks: sbg::tasks::TasksFromTable) {
    /// use sbg::tasks::ExecutionSettings;
    ///
    /// let tasks = tasks.execution_settings(ExecutionSettings::new().use_memoization(true));
    /// # }
    /// ```
    pub fn execution_settings(mut self, settings: ExecutionSettings) -> Self {
        self.settings = Some(settings);
        self
    }

    /// Creates the tasks. The same as `.await`. Dropping the future stops; tasks that were created stay.
    ///
    /// ```no_run
    /// # async fn example(tasks: sbg::tasks::TasksFromTable) -> sbg::Result<()> {
    /// let created = tasks.send().await?;
    /// println!("{} tasks", created.rows.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Before any task is created: an invalid id, the error of getting the app, or a column that is not an input of the app. Everything
    /// else is in the report of its row.
    pub async fn send(self) -> Result<TableReport> {
        let app = crate::ids::checked(&self.app)?.clone();
        let project = crate::ids::checked(&self.project)?.clone();
        let description = self.client.app(&app).get().send().await?.raw.unwrap_or_default();
        let types = self.columns(&input_types::of_app(&description))?;
        let ids = self.ids(&types, &project).await;
        let tasks = self.client.project(&project).tasks();
        let this = &self;
        let create = |row: &TableRow| {
            let task = this.task(&tasks, &app, row, &types, &ids);
            let (line, name) = (row.line, cell(row, NAME).map(str::to_owned));
            async move {
                let task = match task {
                    Ok(task) => task.send().await,
                    Err(error) => Err(error),
                };
                TableRowReport { line, name, task }
            }
        };
        // Collected first: the closure borrows the row, and the futures must be the same for every row.
        let rows: Vec<_> = self.table.rows.iter().map(create).collect();
        Ok(TableReport { rows: stream::iter(rows).buffered(AT_ONCE).collect().await })
    }

    /// The types of the columns that are inputs.
    fn columns(&self, inputs: &BTreeMap<String, InputType>) -> Result<BTreeMap<String, (String, InputType)>> {
        let columns = self.table.columns.iter().filter(|column| !matches!(&***column, NAME | DESCRIPTION));
        columns
            .map(|column| {
                let input = column.strip_prefix(INPUT).unwrap_or(column);
                let known = inputs.get(input).ok_or_else(|| {
                    let known = inputs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                    let (input, known) = (excerpt(input, 60), excerpt(&known, 300));
                    Error::invalid(format!("the app has no input `{input}`; its inputs are {known}"))
                });
                Ok((column.clone(), (input.to_owned(), *known?)))
            })
            .collect()
    }

    /// The ids of the files at all paths of the table.
    async fn ids(
        &self,
        types: &BTreeMap<String, (String, InputType)>,
        project: &ProjectId,
    ) -> BTreeMap<String, Result<String>> {
        let cells = self.table.rows.iter().filter(|row| row.problem.is_none()).flat_map(|row| &row.cells);
        let paths: BTreeSet<&str> =
            cells.filter_map(|(column, cell)| Some(types.get(column)?.1.paths(cell))).flatten().collect();
        // An invalid path would refuse all of them.
        let (valid, invalid): (Vec<&str>, Vec<&str>) = paths.into_iter().partition(|path| is_path(path));
        let refused = |path: &str| {
            (
                path.to_owned(),
                Err(Error::invalid(format!("`{}` is not a path in the project", excerpt(path, 60)))),
            )
        };
        let found = match self.client.project(project).files().resolve_paths(&valid).await {
            Ok(found) => found.into_iter().map(|file| file.map(|file| file.id)).collect(),
            Err(error) => vec![Err(error); valid.len()],
        };
        let valid = valid.into_iter().map(str::to_owned).zip(found);
        valid.chain(invalid.into_iter().map(refused)).collect()
    }

    fn task(
        &self,
        tasks: &ProjectTasks,
        app: &AppId,
        row: &TableRow,
        types: &BTreeMap<String, (String, InputType)>,
        ids: &BTreeMap<String, Result<String>>,
    ) -> Result<super::TaskCreate> {
        if let Some(problem) = &row.problem {
            return Err(Error::invalid(problem.clone()));
        }
        let mut task = tasks.create(app).run(self.run);
        for (column, cell) in &row.cells {
            task = match (types.get(column), &**column) {
                (Some((input, of)), _) => task.input(input, value(input, *of, cell, ids)?),
                (None, NAME) => task.name(cell),
                (None, _) => task.description(cell),
            };
        }
        Ok(match &self.settings {
            Some(settings) => task.execution_settings(settings.clone()),
            None => task,
        })
    }
}

awaitable!(TasksFromTable => TableReport, client);

/// The value of an input; the error names the input.
fn value(
    input: &str,
    of: InputType,
    cell: &str,
    ids: &BTreeMap<String, Result<String>>,
) -> Result<TaskValue> {
    of.value(cell, ids)
        .map_err(|error| Error::new(error.kind(), format!("the input `{input}`: {}", error.message())))
}

/// Whether the path has names, and only names.
fn is_path(path: &str) -> bool {
    let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
    names.peek().is_some() && names.all(|name| !matches!(name, "." | ".."))
}

fn cell<'r>(row: &'r TableRow, column: &str) -> Option<&'r str> {
    row.cells.iter().find(|(name, _)| name == column).map(|(_, value)| &**value)
}

/// What became of the rows of a table.
///
/// ```no_run
/// # async fn example(tasks: sbg::tasks::TasksFromTable) -> sbg::Result<()> {
/// let report = tasks.await?;
/// println!("{} of {} rows failed", report.failed().count(), report.rows.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TableReport {
    /// A report for each row, in order.
    pub rows: Vec<TableRowReport>,
}

impl TableReport {
    /// The rows that failed.
    ///
    /// ```
    /// # fn example(report: sbg::tasks::TableReport) {
    /// for row in report.failed() {
    ///     eprintln!("line {}", row.line);
    /// }
    /// # }
    /// ```
    pub fn failed(&self) -> impl Iterator<Item = &TableRowReport> {
        self.rows.iter().filter(|row| row.task.is_err())
    }
}

/// What became of one row.
///
/// ```
/// # fn example(row: sbg::tasks::TableRowReport) {
/// if let Err(error) = &row.task {
///     eprintln!("line {}: {error}", row.line);
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TableRowReport {
    /// Line number in the file, from 1.
    pub line: u64,
    /// The name of the task, if the table gives one.
    pub name: Option<String>,
    /// The task, or why it was not created.
    pub task: Result<types::Task>,
}
