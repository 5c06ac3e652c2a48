//! What all calls share: single calls, lists and their pages, bulk calls, and waiting for jobs on the platform.

pub(crate) mod bulk;
pub(crate) mod call;
pub(crate) mod custom;
pub(crate) mod fields;
pub(crate) mod list;
pub(crate) mod next_page;
pub(crate) mod options;
pub(crate) mod page;
pub(crate) mod query;
pub(crate) mod stream;
pub(crate) mod wait;
pub(crate) mod wait_many;
