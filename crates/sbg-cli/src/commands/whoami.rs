//! `whoami` and `rate-limit`: what the platform says about the token.

use anyhow::Result;
use clap::Args;

use crate::context::Context;
use crate::records::{self, Record};

/// Show whose token this is
#[derive(Args, Debug)]
pub(crate) struct Whoami {}

impl Whoami {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let me = client.users().me().await?;
        let record = records::user(&me, client.endpoint().as_str());
        context.out.row(&record, [&me.username, record.text("email"), record.text("endpoint")])
    }
}

/// Show how many requests are left
#[derive(Args, Debug)]
pub(crate) struct RateLimit {}

impl RateLimit {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let limits = context.client()?.rate_limit().await?;
        let mut record = Record::new("rate_limit");
        if let Some(rate) = limits.rate {
            let reset = rate.reset.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
            record = record
                .with("limit", rate.limit)
                .with("remaining", rate.remaining)
                .with("reset", reset.map(|reset| reset.to_string()));
        }
        // A negative number means that there is no limit.
        if let Some(instances) =
            limits.instance_limit.filter(|instances| instances.limit.is_some_and(|limit| limit >= 0))
        {
            record =
                record.with("instance_limit", instances.limit).with("instances_left", instances.remaining);
        }
        context.out.details(&record)
    }
}
