//! `members`: who may do what in a project.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use sbg::ProjectId;
use sbg::members::{NewMember, Permissions};

use crate::context::Context;
use crate::path;
use crate::records;

/// List, add, change and remove members of a project
#[derive(Debug, Subcommand)]
pub(crate) enum Members {
    /// List members and their permissions
    Ls(List),
    /// Add a member
    Add(Change),
    /// Give a member exactly these permissions
    Set(Change),
    /// Remove a member
    Rm(Remove),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[arg(value_parser = path::project)]
    project: ProjectId,
}

#[derive(Args, Debug)]
pub(crate) struct Change {
    #[arg(value_parser = path::project)]
    project: ProjectId,
    /// Username, or e-mail address of a person to invite
    user: String,
    /// Permissions besides reading
    #[arg(long, value_enum, value_delimiter = ',')]
    permissions: Vec<Permission>,
    /// The member is a team, named by its id
    #[arg(long)]
    team: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Remove {
    #[arg(value_parser = path::project)]
    project: ProjectId,
    user: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Permission {
    Copy,
    Write,
    Execute,
    Admin,
}

impl Members {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Ls(command) => command.run(context).await,
            Self::Add(command) => command.add(context).await,
            Self::Set(command) => command.set(context).await,
            Self::Rm(command) => command.run(context).await,
        }
    }
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let mut members = context.client()?.project(&self.project).members().query().items();
        while let Some(member) = members.try_next().await? {
            let record = records::member(&member, self.project.as_str());
            context.out.row(&record, [record.text("username"), &record.cell("permissions")])?;
        }
        Ok(())
    }
}

impl Change {
    fn permissions(&self) -> Permissions {
        let has = |permission| self.permissions.contains(&permission);
        Permissions::new()
            .copy(has(Permission::Copy))
            .write(has(Permission::Write))
            .execute(has(Permission::Execute))
            .admin(has(Permission::Admin))
    }

    async fn add(self, context: &Context) -> Result<()> {
        let new = match &self.user {
            team if self.team => NewMember::team(team),
            email if email.contains('@') => NewMember::email(email),
            user => NewMember::user(user),
        };
        let members = context.client()?.project(&self.project).members();
        let member = members.add(new, self.permissions()).await;
        let member = member.with_context(|| format!("cannot add `{}`", self.user))?;
        let record = records::member(&member, self.project.as_str());
        context.out.row(&record, [record.text("username"), &record.cell("permissions")])
    }

    async fn set(self, context: &Context) -> Result<()> {
        let member = context.client()?.project(&self.project).members().member(&self.user);
        let cannot = || format!("cannot change the permissions of `{}`", self.user);
        member.replace_permissions(self.permissions()).await.with_context(cannot)?;
        let member = member.get().await.with_context(cannot)?;
        let record = records::member(&member, self.project.as_str());
        context.out.row(&record, [record.text("username"), &record.cell("permissions")])
    }
}

impl Remove {
    async fn run(self, context: &Context) -> Result<()> {
        let member = context.client()?.project(&self.project).members().member(&self.user);
        member.remove().await.with_context(|| format!("cannot remove `{}`", self.user))?;
        let record = records::change("rm", &format!("{}/{}", self.project, self.user), "");
        context.out.row(&record, [&self.user])
    }
}
