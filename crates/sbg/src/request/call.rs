//! The building blocks of all handles: the call that gets a resource, and the macros that keep builders short.

use std::fmt;
use std::future::{Future, IntoFuture};

use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fields::Fields;
use super::list::PageRequest;
use super::options::RequestOptions;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};

/// The response that the platform would have sent for this JSON. Response types are not constructed field by field, because they may
/// grow.
pub(crate) fn response_of<T: DeserializeOwned>(json: Value) -> Result<T> {
    serde_json::from_value(json).map_err(|error| {
        Error::new(ErrorKind::UnexpectedResponse, "the response does not match the specification")
            .with_source(error)
    })
}

type Send1<T> = Box<dyn FnOnce(Client, Option<String>) -> BoxFuture<'static, Result<T>> + Send>;

/// A call that gets a resource: `.await` it, or select [`fields`](Self::fields) first.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let project = client.project("rfranklin/fibre-diffraction").get().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until it is awaited"]
pub struct Get<T> {
    client: Client,
    identity: &'static [&'static str],
    fields: Option<Fields>,
    send: Send1<T>,
}

impl<T> Get<T> {
    /// `identity` names the fields that are required to read the resource. Functions that call this are inline, so that a program
    /// compiles the calls that it makes, and no others.
    pub(crate) fn new<F>(
        client: &Client,
        identity: &'static [&'static str],
        send: impl FnOnce(Client, Option<String>) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let send: Send1<T> = Box::new(move |client, fields| Box::pin(send(client, fields)));
        Self { client: client.clone(), identity, fields: None, send }
    }

    /// For a resource that always has all its fields.
    pub(crate) fn whole<F>(
        client: &Client,
        what: &'static str,
        send: impl FnOnce(Client) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        Self::new(client, &[], move |client, fields| async move {
            match fields {
                Some(_) => Err(whole_only(what)),
                None => send(client).await,
            }
        })
    }

    /// The fields to return; all of them by default.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let get = client.file("567890abc9b0307bc0414164").get().fields(sbg::Fields::only(["size"]));
    /// println!("{:?}", get.await?.size);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fields(mut self, fields: Fields) -> Self {
        self.fields = Some(fields);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let me = client.users().me().send().await?;
    /// println!("{}", me.username);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for an invalid id, before anything is sent; otherwise the error of the call.
    pub async fn send(self) -> Result<T> {
        self.start().await
    }

    fn start(self) -> BoxFuture<'static, Result<T>> {
        let fields = self.fields.map(|fields| fields.with_identity(self.identity));
        (self.send)(self.client, fields)
    }
}

impl<T: 'static> IntoFuture for Get<T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start()
    }
}

impl<T> RequestOptions for Get<T> {
    fn with_client(mut self, change: impl FnOnce(&Client) -> Client) -> Self {
        self.client = change(&self.client);
        self
    }
}

impl<T> fmt::Debug for Get<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get").field("fields", &self.fields).finish_non_exhaustive()
    }
}

fn whole_only(what: &str) -> Error {
    Error::invalid(format!("{what} do not support field selection"))
}

/// Refuses a field selection where the platform does not support `fields`: to ignore it would be a silent error.
pub(crate) fn refuse_fields(at: &PageRequest, what: &str) -> Result<()> {
    refuse_selection(at.fields.as_deref(), what)
}

/// The same for one resource.
pub(crate) fn refuse_selection(fields: Option<&str>, what: &str) -> Result<()> {
    match fields {
        Some(_) => Err(whole_only(what)),
        None => Ok(()),
    }
}

/// Sets each parameter of a generated builder that has a value: `set!(call, name = self.name, limit = at.limit)`.
macro_rules! set {
    ($call:expr $(, $parameter:ident = $value:expr)* $(,)?) => {{
        let call = $call;
        $(let call = match $value {
            Some(value) => call.$parameter(value),
            None => call,
        };)*
        call
    }};
}

/// Fetches a page with a generated builder and converts it to `Fetched`.
macro_rules! fetch_page {
    ($call:expr) => {{
        let response = $call.send().await?;
        let headers = response.headers().clone();
        let page = response.into_inner();
        Ok($crate::request::list::Fetched::new(&headers, page.items, page.href, page.links))
    }};
}

/// Generates the setters of a builder whose field `body` is a generated request: each sets one optional field.
macro_rules! body_setters {
    ($($(#[$meta:meta])* $name:ident($field:ident: $type:ty);)*) => {
        $($(#[$meta])*
        pub fn $name(mut self, $name: impl Into<$type>) -> Self {
            let value: $type = $name.into();
            self.body.$field = value.into();
            self
        })*
    };
}

/// Generates the methods of an edit that clear a field by sending null; the field is a `Nullable` of the generated request `body`.
macro_rules! body_clearers {
    ($($(#[$meta:meta])* $name:ident($field:ident);)*) => {
        $($(#[$meta])*
        pub fn $name(mut self) -> Self {
            self.body.$field = $crate::raw::Nullable::Null;
            self
        })*
    };
}

/// Generates the setters of the tags in an edit of a file or a project: `tags_setters!("file", body.tags, "file.edit()")`, where the last
/// argument is the start of their examples, in which `file` and `project` are defined.
macro_rules! tags_setters {
    ($what:literal, $($field:ident).+, $example:literal) => {
        #[doc = concat!("All tags, in place of those the ", $what, " has.")]
        ///
        /// ```
        /// # use sbg::{files::{FileChange, FileHandle}, projects::ProjectHandle};
        /// # fn example(file: FileHandle, project: ProjectHandle) {
        #[doc = concat!("let edit = ", $example, ".tags([\"dna\", \"b form\"]);")]
        /// # }
        /// ```
        pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
            let tags: Vec<String> = tags.into_iter().map(Into::into).collect();
            self.$($field).+ = tags.into();
            self
        }

        #[doc = concat!("Leaves the ", $what, " without tags.")]
        ///
        /// ```
        /// # use sbg::{files::{FileChange, FileHandle}, projects::ProjectHandle};
        /// # fn example(file: FileHandle, project: ProjectHandle) {
        #[doc = concat!("let edit = ", $example, ".clear_tags();")]
        /// # }
        /// ```
        pub fn clear_tags(mut self) -> Self {
            self.$($field).+ = Vec::new().into();
            self
        }
    };
}

/// Makes a builder with a method `send` awaitable, and gives it the options of a call:
/// `awaitable!(TaskEdit => types::Task, task.client)`, where the last argument is the path to its client.
macro_rules! awaitable {
    ($builder:ty => $output:ty, $($client:ident).+) => {
        $crate::request::options::request_options!($builder, $($client).+);

        impl std::future::IntoFuture for $builder {
            type Output = $crate::error::Result<$output>;
            type IntoFuture = futures::future::BoxFuture<'static, Self::Output>;

            // Inline, so that a program compiles the calls that it makes, and no others.
            #[inline]
            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.send())
            }
        }
    };
}

pub(crate) use {awaitable, body_clearers, body_setters, fetch_page, set, tags_setters};
