//! The sum of a column of a Parquet file, by DataFusion on the HTTP store of `object_store`: `sum_over_http SIGNED-URL SIZE`. It is told the
//! size, since a signed URL is for `GET` alone.

use std::fmt;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use async_trait::async_trait;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::http::{HttpBuilder, HttpStore};
use object_store::path::Path;
use object_store::{
    Attributes, ClientOptions, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use url::Url;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [signed, size] = &arguments[..] else { bail!("usage: sum_over_http SIGNED-URL SIZE") };
    let mut base: Url = signed.parse()?;
    let path = base.path().to_owned();
    base.set_path("/");
    let options = ClientOptions::new().with_allow_http(true);
    let http = HttpBuilder::new().with_url(base.as_str()).with_client_options(options).build()?;
    let context = SessionContext::new();
    base.set_query(None);
    context.register_object_store(&base, Arc::new(OneFile { http, size: size.parse()? }));
    let options = ParquetReadOptions { file_extension: "", ..ParquetReadOptions::default() };
    let url = base.join(&path).context("a path")?;
    context.register_parquet("samples", url.as_str(), options).await?;
    let rows = context.sql("SELECT sum(value) FROM samples").await?.collect().await?;
    println!("{}\n1", pretty_format_batches(&rows)?);
    Ok(())
}

/// A store that knows the size of its only file.
#[derive(Debug)]
struct OneFile {
    http: HttpStore,
    size: u64,
}

impl fmt::Display for OneFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one file of {}", self.http)
    }
}

fn refused<T>() -> object_store::Result<T> {
    Err(Error::NotImplemented {
        operation: "anything but reading".to_owned(),
        implementer: "OneFile".to_owned(),
    })
}

#[async_trait]
impl ObjectStore for OneFile {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> object_store::Result<PutResult> {
        refused()
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        refused()
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        if !options.head {
            return self.http.get_opts(location, options).await;
        }
        let meta = ObjectMeta {
            location: location.clone(),
            last_modified: std::time::SystemTime::UNIX_EPOCH.into(),
            size: self.size,
            e_tag: None,
            version: None,
        };
        let payload = GetResultPayload::Stream(futures::stream::empty().boxed());
        Ok(GetResult { payload, meta, range: 0..self.size, attributes: Attributes::default() })
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        futures::stream::once(async { refused() }).boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        futures::stream::once(async { refused() }).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> object_store::Result<ListResult> {
        refused()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> object_store::Result<()> {
        refused()
    }
}
