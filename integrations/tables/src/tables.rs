//! Tables by their path in a project: `SELECT avg(depth) FROM 'tables/samples.parquet'`.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{DynamicFileCatalog, TableProvider, UrlTableFactory};
use datafusion::common::TableReference;
use datafusion::datasource::listing::{
    ListingTable, ListingTableConfig, ListingTableConfigExt as _, ListingTableUrl,
};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use futures::TryStreamExt as _;
use sbg::Client;
use url::Url;

use crate::Stores;

/// Where the columns of a folder of files come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schemas {
    /// The schemas of all files, merged: each file is asked for its schema before the query begins.
    OfAllFiles,
    /// The schema of the first file. Files that lack a column have nulls in it.
    OfFirstFile,
}

/// The state of a session that reads and writes the files of the platform. A table is named by the path of its file or folder in the
/// project, or by a URL; folders of the form `name=value` are columns.
pub fn state(client: Client, project: &str, config: SessionConfig, schemas: Schemas) -> Result<SessionState> {
    let runtime =
        RuntimeEnvBuilder::new().with_object_store_registry(Arc::new(Stores::new(client))).build_arc()?;
    let builder = SessionStateBuilder::new().with_config(config).with_runtime_env(runtime);
    let state = builder.with_default_features().build();
    let project = url_of(&format!("sbg://{project}/"))?;
    let tables = Tables { project, schemas, state: state.clone() };
    let catalogs = Arc::new(DynamicFileCatalog::new(state.catalog_list().clone(), Arc::new(tables)));
    Ok(SessionStateBuilder::new_from_existing(state).with_catalog_list(catalogs).build())
}

/// The URL of a path in a project.
pub fn url_in(project: &str, path: &str) -> Result<Url> {
    below(&url_of(&format!("sbg://{project}/"))?, path)
}

fn url_of(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|error| DataFusionError::Plan(format!("`{url}` is not a URL: {error}")))
}

fn below(folder: &Url, path: &str) -> Result<Url> {
    if path.contains("://") {
        return url_of(path);
    }
    let mut url = folder.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    Ok(url)
}

/// Makes the table of a name.
#[derive(Debug)]
struct Tables {
    project: Url,
    schemas: Schemas,
    /// The session, without these tables.
    state: SessionState,
}

#[async_trait]
impl UrlTableFactory for Tables {
    async fn try_new(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let (state, url) = (&self.state, below(&self.project, name)?);
        // The engine keeps lists of folders by table and path: a name of its own keeps those of two owners apart.
        let table = ListingTableUrl::try_new(url.clone(), None)?;
        let table = table.with_table_ref(TableReference::bare(url.as_str()));
        let store = state.runtime_env().object_store(&table)?;
        let first = table.list_all_files(state, store.as_ref(), "").await?.try_next().await?;
        let first = first.ok_or_else(|| {
            DataFusionError::Plan(format!("no table `{name}`: there is no file or folder {url} with files"))
        })?;
        let config = ListingTableConfig::new(table).infer_options(state).await?;
        let config = config.infer_partitions_from_path(state).await?;
        let config = match (self.schemas, &config.options) {
            (Schemas::OfFirstFile, Some(options)) => {
                let schema = options.format.infer_schema(state, &store, &[first]).await;
                schema.map(|schema| config.with_schema(schema))
            }
            _ => config.infer_schema(state).await,
        };
        let config = config.map_err(|error| error.context(format!("cannot read the table {url}")))?;
        Ok(Some(Arc::new(ListingTable::try_new(config)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paths_in_the_project_or_urls() {
        let check = |name: &str, expected: &str| {
            assert_eq!(url_in("lab/demo", name).unwrap().as_str(), expected);
        };
        check("samples.parquet", "sbg://lab/demo/samples.parquet");
        check("tables/a b.csv", "sbg://lab/demo/tables/a%20b.csv");
        check("cohort/", "sbg://lab/demo/cohort/");
        check("sbg://other/project/x.csv", "sbg://other/project/x.csv");
        check("50%", "sbg://lab/demo/50%25");
    }
}
