//! Members of projects and their permissions.

use anyhow::Result;
use sbg::members::{NewMember, Permissions};
use sbg::raw::ClientTeamsExt as _;
use sbg::types::MemberType;
use sbg::{ErrorKind, Fields, types};
use sbg_tests::{Stage, assert_refused};

/// The names of the granted permissions.
fn granted(permissions: &types::Permissions) -> Vec<&'static str> {
    let types::Permissions { read, write, copy, execute, admin, .. } = *permissions;
    let all = [(read, "read"), (write, "write"), (copy, "copy"), (execute, "execute"), (admin, "admin")];
    all.into_iter().filter(|(granted, _)| *granted == Some(true)).map(|(_, name)| name).collect()
}

#[tokio::test]
async fn members_are_added_by_username_or_email() -> Result<()> {
    let stage = Stage::start().await;
    let members = stage.client.project(&stage.project).members();
    let crick = members.add(NewMember::user("fcrick"), Permissions::new().copy(true)).await?;
    assert_eq!((crick.username.as_deref(), crick.type_), (Some("fcrick"), Some(MemberType::User)));
    assert_eq!(granted(&crick.permissions.expect("permissions")), ["read", "copy"]);

    let address = NewMember::email("james.watson@example.org");
    assert_eq!(members.add(address, Permissions::all()).await?.username.as_deref(), Some("jwatson"));

    let all = members.query().page().await?;
    assert_eq!(all.total, Some(3));
    let names: Vec<_> = all.items.iter().filter_map(|member| member.username.as_deref()).collect();
    assert_eq!(names, ["fcrick", "jwatson", "rfranklin"]);
    assert_eq!(
        stage.client_of("fcrick").projects().query().all().await?.len(),
        1,
        "a member sees the project"
    );
    Ok(())
}

#[tokio::test]
async fn team_and_division_bring_their_users() -> Result<()> {
    let stage = Stage::start().await;
    let members = stage.client.project(&stage.project).members();
    let teams = stage.client.raw().team_list().division("kings-college").send().await?.into_inner();
    let team = teams.items[0].id.clone();
    let wilkins = stage.client_of("mwilkins");
    assert_refused(wilkins.project(&stage.project).get().await, ErrorKind::Forbidden, &["code 3001"]);

    let added = members.add(NewMember::team(&team), Permissions::new().write(true)).await?;
    assert_eq!((added.id.as_deref(), added.type_), (Some(team.as_str()), Some(MemberType::Team)));
    let seen = wilkins.project(&stage.project).get().await?.permissions.expect("permissions");
    assert_eq!(granted(&seen), ["read", "write"]);

    let added = members.add(NewMember::division("kings-college"), Permissions::new().execute(true)).await?;
    assert_eq!(added.type_, Some(MemberType::Division));
    assert!(stage.client_of("jwatson").project(&stage.project).get().await.is_ok());

    members.member(&team).remove().await?;
    let seen = wilkins.project(&stage.project).get().await?.permissions.expect("permissions");
    assert_eq!(granted(&seen), ["read", "execute"], "the division is left");
    Ok(())
}

#[tokio::test]
async fn member_can_have_read_permission_only() -> Result<()> {
    let stage = Stage::start().await;
    let members = stage.client.project(&stage.project).members();
    let crick = members.add(NewMember::user("fcrick"), Permissions::new()).await?;
    assert_eq!(granted(&crick.permissions.expect("permissions")), ["read"]);
    Ok(())
}

#[tokio::test]
async fn permission_edit_keeps_the_rest() -> Result<()> {
    let stage = Stage::start().await;
    let members = stage.client.project(&stage.project).members();
    members.add(NewMember::user("fcrick"), Permissions::new().copy(true).write(true)).await?;
    let crick = members.member("fcrick");

    let edited = crick.edit_permissions(Permissions::new().execute(true).write(false)).await?;
    assert_eq!(granted(&edited), ["read", "copy", "execute"]);
    let got = crick.get().fields(Fields::only(["permissions"])).await?;
    assert_eq!(got.username.as_deref(), Some("fcrick"));
    assert_eq!(granted(&got.permissions.expect("permissions")), ["read", "copy", "execute"]);
    Ok(())
}

#[tokio::test]
async fn permission_replacement_revokes_the_rest() -> Result<()> {
    let stage = Stage::start().await;
    let members = stage.client.project(&stage.project).members();
    members.add(NewMember::user("fcrick"), Permissions::new().copy(true).write(true)).await?;
    let replaced = members.member("fcrick").replace_permissions(Permissions::new().execute(true)).await?;
    assert_eq!(granted(&replaced), ["read", "execute"]);
    Ok(())
}

#[tokio::test]
async fn removed_member_cannot_see_the_project() -> Result<()> {
    let stage = Stage::start().await;
    let members = stage.client.project(&stage.project).members();
    members.add(NewMember::user("fcrick"), Permissions::all()).await?;
    members.member("fcrick").remove().await?;
    let error =
        assert_refused(members.member("fcrick").get().await, ErrorKind::NotFound, &["project_member_get"]);
    assert!(error.is_not_found());
    let theirs = stage.client_of("fcrick").project(&stage.project).get().await;
    assert!(assert_refused(theirs, ErrorKind::Forbidden, &["3001"]).is_forbidden());
    Ok(())
}

#[tokio::test]
async fn invalid_member_calls_are_never_sent() -> Result<()> {
    let stage = Stage::start().await;
    let members = stage.client.project(&stage.project).members();
    let invalid = ErrorKind::InvalidInput;
    for name in ["", "..", "a/..", "a/b/c", "a b", "a?b"] {
        let member = members.member(name);
        assert_refused(member.get().await, invalid, &["not a member id"]);
        assert_refused(member.remove().await, invalid, &["not a member id"]);
        assert_refused(member.edit_permissions(Permissions::all()).await, invalid, &["not a member id"]);
        assert_refused(member.replace_permissions(Permissions::all()).await, invalid, &["not a member id"]);
    }
    let nothing = members.member("fcrick").edit_permissions(Permissions::new()).await;
    assert_refused(nothing, invalid, &["changes nothing"]);
    stage.assert_no_requests();
    Ok(())
}
