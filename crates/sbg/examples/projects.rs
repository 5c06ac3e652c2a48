//! Finds a project by its name or creates it, and adds a member: `projects NAME USERNAME`.

use anyhow::Result;
use sbg::Client;
use sbg::members::{NewMember, Permissions};
use sbg::types::Project;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, username] = &arguments[..] else {
        eprintln!("usage: projects NAME USERNAME");
        std::process::exit(2);
    };
    let client = Client::from_env()?;

    let mut projects = client.projects().query().items();
    while let Some(project) = projects.try_next().await? {
        println!("{}  {}", project.id, project.name.unwrap_or_default());
    }

    let project = find_or_create(&client, name).await?;
    let members = client.project(&project.id).members();
    let mut usernames = Vec::new();
    for member in members.query().all().await? {
        usernames.extend(member.username);
    }
    println!("members of {}: {}", project.id, usernames.join(", "));

    if usernames.contains(username) {
        println!("{username} is a member already");
    } else {
        members.add(NewMember::user(username), Permissions::new().copy(true).execute(true)).await?;
        println!("added {username}");
    }
    Ok(())
}

/// The project of exactly this name. The query returns every project whose name contains the text.
async fn find_or_create(client: &Client, name: &str) -> Result<Project> {
    let mut found = client.projects().query().name(name).items();
    while let Some(project) = found.try_next().await? {
        if project.name.as_deref() == Some(name) {
            println!("found {}", project.id);
            return Ok(project);
        }
    }
    let group = client.billing_groups().query().items().try_next().await?;
    let create = client.projects().create(name);
    let project = match group {
        Some(group) => create.billing_group(group.id).await?,
        None => create.await?,
    };
    println!("created {}", project.id);
    Ok(project)
}
