//! Tasks from a table: one task for each row, the columns are inputs of the app.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use futures::{StreamExt as _, stream};

use super::{ExecutionSettings, InputType, ProjectTasks, TaskCreate, TaskValue};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{AppId, Given, IntoId, ProjectId, WebUrl, excerpt};
use crate::request::call::awaitable;
use crate::table::{Table, length_problem, read_all, read_file};
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
/// - files and folders: an id, the URL in the browser, or a path in the project, such as `reads/51.fastq.gz`;
/// - numbers, and `true` or `false`;
/// - lists: values separated by `;`;
/// - records and other types: JSON if the cell is JSON, else text.
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
        let Table { columns, rows } = Table::of(bytes, "table of tasks")?;
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
    let problem = length_problem(columns, record);
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
            inputs: Vec::new(),
            settings: None,
            full_paths: false,
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
    inputs: Vec<(String, TaskValue)>,
    settings: Option<ExecutionSettings>,
    full_paths: bool,
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

    /// Inputs of every task, beside those of the table. An input that is also a column is an error.
    ///
    /// ```
    /// # fn example(tasks: sbg::tasks::TasksFromTable) {
    /// let tasks = tasks.inputs([("threads", 4)]);
    /// # }
    /// ```
    pub fn inputs<K: Into<String>, V: Into<TaskValue>>(
        mut self,
        inputs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.inputs.extend(inputs.into_iter().map(|(input, value)| (input.into(), value.into())));
        self
    }

    /// Whether paths begin with a project, as in `owner/project/reads/51.fastq.gz`. `false` by default: they begin at the root of the
    /// project of the tasks.
    ///
    /// ```
    /// # fn example(tasks: sbg::tasks::TasksFromTable) {
    /// let tasks = tasks.full_paths(true);
    /// # }
    /// ```
    pub fn full_paths(mut self, full: bool) -> Self {
        self.full_paths = full;
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
        let create = |row: TableTask| async move {
            let task = match row.task {
                Ok(task) => task.send().await,
                Err(error) => Err(error),
            };
            TableRowReport { line: row.line, name: row.name, task }
        };
        let rows = self.prepare().await?.into_iter().map(create);
        Ok(TableReport { rows: stream::iter(rows).buffered(AT_ONCE).collect().await })
    }

    /// Checks the table, looks up its files, and returns the tasks to create, one for each row. For programs that create nothing if a
    /// row is wrong, or that limit how many tasks run.
    ///
    /// ```no_run
    /// # async fn example(tasks: sbg::tasks::TasksFromTable) -> sbg::Result<()> {
    /// let rows = tasks.run(true).prepare().await?;
    /// let tasks = rows.into_iter().map(|row| row.task).collect::<sbg::Result<Vec<_>>>()?;
    /// for task in tasks {
    ///     println!("{}", task.await?.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An invalid id, the error of getting the app, or a column that is not an input of the app. Everything else is in its row.
    pub async fn prepare(self) -> Result<Vec<TableTask>> {
        let app = crate::ids::checked(&self.app)?.clone();
        let project = crate::ids::checked(&self.project)?.clone();
        let description = self.client.app(&app).get().send().await?.raw.unwrap_or_default();
        let inputs = InputType::of_app(&description);
        let columns = self.columns(&inputs)?;
        let ids = self.ids(&columns, &project).await;
        let tasks = self.client.project(&project).tasks();
        let prepare = |row: &TableRow| {
            let task = self.task(&tasks, &app, row, &columns, &ids);
            let task = task.and_then(|task| self.check_missing(row, &inputs, &columns).map(|()| task));
            TableTask { line: row.line, name: cell(row, NAME).map(str::to_owned), task }
        };
        Ok(self.table.rows.iter().map(prepare).collect())
    }

    /// A task that runs at once needs every input that is not optional.
    fn check_missing(&self, row: &TableRow, inputs: &Inputs, columns: &Columns) -> Result<()> {
        let given = |id: &str| {
            self.inputs.iter().any(|(given, _)| given == id)
                || row
                    .cells
                    .iter()
                    .any(|(column, _)| columns.get(column).is_some_and(|(input, _)| input == id))
        };
        match inputs.iter().find(|(id, input)| self.run && !input.is_optional && !given(id)) {
            Some((id, _)) => {
                Err(Error::invalid(format!("the app requires the input `{id}`: fill in its cell")))
            }
            None => Ok(()),
        }
    }

    /// The columns that are inputs.
    fn columns(&self, inputs: &Inputs) -> Result<Columns> {
        let columns = self.table.columns.iter().filter(|column| !matches!(&***column, NAME | DESCRIPTION));
        columns
            .map(|column| {
                let input = column.strip_prefix(INPUT).unwrap_or(column);
                let shown = excerpt(input, 60);
                let Some(known) = inputs.get(input) else {
                    let known = inputs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                    let known = excerpt(&known, 300);
                    return Err(Error::invalid(format!(
                        "the app has no input `{shown}`; its inputs are {known}"
                    )));
                };
                if self.inputs.iter().any(|(id, _)| id == input) {
                    let message = format!("the input `{shown}` is a column, and set for all tasks as well");
                    return Err(Error::invalid(message));
                }
                Ok((column.clone(), (input.to_owned(), *known)))
            })
            .collect()
    }

    /// The ids of the files and folders in the table that are not named by id.
    async fn ids(&self, columns: &Columns, project: &ProjectId) -> BTreeMap<String, Result<String>> {
        let cells = self.table.rows.iter().filter(|row| row.problem.is_none()).flat_map(|row| &row.cells);
        let names: BTreeSet<&str> =
            cells.filter_map(|(column, cell)| Some(columns.get(column)?.1.paths(cell))).flatten().collect();
        let mut ids = BTreeMap::new();
        let mut paths = BTreeMap::<ProjectId, Vec<(&str, String)>>::new();
        for name in names {
            match self.named(name, project) {
                Ok(Named::Id(id)) => drop(ids.insert(name.to_owned(), Ok(id))),
                Ok(Named::Path(project, path)) => paths.entry(project).or_default().push((name, path)),
                Err(error) => drop(ids.insert(name.to_owned(), Err(error))),
            }
        }
        for (project, paths) in paths {
            let files = self.client.project(&project).files();
            let found = match files.resolve_paths(paths.iter().map(|(_, path)| path)).await {
                Ok(found) => found.into_iter().map(|file| file.map(|file| file.id)).collect(),
                Err(error) => vec![Err(error); paths.len()],
            };
            ids.extend(paths.into_iter().map(|(name, _)| name.to_owned()).zip(found));
        }
        ids
    }

    /// What a text names that is not an id.
    fn named(&self, text: &str, project: &ProjectId) -> Result<Named> {
        let invalid = |what: &str| Error::invalid(format!("`{}` is not {what}", excerpt(text, 60)));
        if text.starts_with("https://") || text.starts_with("http://") {
            return match text.parse::<WebUrl>() {
                Ok(WebUrl::File(id)) => Ok(Named::Id(id)),
                _ => Err(invalid("the URL of a file or folder")),
            };
        }
        if !self.full_paths {
            let path =
                Some(text).filter(|path| is_path(path)).ok_or_else(|| invalid("a path in the project"))?;
            return Ok(Named::Path(project.clone(), path.to_owned()));
        }
        let whole = text.strip_prefix("sbg://").unwrap_or(text);
        let parts = whole.match_indices('/').nth(1).map(|(at, _)| (&whole[..at], &whole[at + 1..]));
        let named = parts
            .filter(|(_, path)| is_path(path))
            .and_then(|(project, path)| Some(Named::Path(project.parse().ok()?, path.to_owned())));
        named.ok_or_else(|| invalid("a path such as `owner/project/folder/file`"))
    }

    fn task(
        &self,
        tasks: &ProjectTasks,
        app: &AppId,
        row: &TableRow,
        columns: &Columns,
        ids: &BTreeMap<String, Result<String>>,
    ) -> Result<TaskCreate> {
        if let Some(problem) = &row.problem {
            return Err(Error::invalid(problem.clone()));
        }
        let mut task = tasks.create(app).run(self.run).inputs(self.inputs.clone());
        for (column, cell) in &row.cells {
            task = match (columns.get(column), &**column) {
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

/// The inputs of the app, by id.
type Inputs = BTreeMap<String, InputType>;

/// The columns of a table that are inputs: the id of each and its type.
type Columns = BTreeMap<String, (String, InputType)>;

/// What a text in a table names.
#[derive(Debug)]
enum Named {
    Id(String),
    /// A path in a project.
    Path(ProjectId, String),
}

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

/// A task to create from a row of a table.
///
/// ```
/// # fn example(row: sbg::tasks::TableTask) {
/// if let Err(error) = &row.task {
///     eprintln!("line {}: {error}", row.line);
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TableTask {
    /// Line number in the file, from 1.
    pub line: u64,
    /// The name of the task, if the table gives one.
    pub name: Option<String>,
    /// The task, or why it cannot be created.
    pub task: Result<TaskCreate>,
}

/// The results of the rows of a table.
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

/// The result of one row.
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
