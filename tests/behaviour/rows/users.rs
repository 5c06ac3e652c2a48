//! Users, divisions and teams.

use sbg::types::{UserListRole, UserRole};

use super::{Row, Scene, row};

const DIVISION: &str = "kings-college";

/// Fails unless these are the users, in any order.
#[track_caller]
fn assert_users(users: &[sbg::types::User], expected: &[&str]) {
    let mut names: Vec<&str> = users.iter().map(|user| user.username.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, expected);
}

pub(super) fn rows() -> Vec<Row> {
    [users(), divisions()].into_iter().flatten().collect()
}

fn users() -> Vec<Row> {
    vec![
        row("api.users.me()", async |scene, client| {
            let me = client.users().me().await?;
            assert_eq!((me.username.as_str(), me.role), ("rfranklin", Some(UserRole::Admin)));
            scene.sent("GET /user");
            Ok(())
        }),
        row("me.email", async |scene, client| {
            let me = client.users().me().await?;
            scene.sent("GET /user");
            assert_eq!(me.email.as_deref(), Some("rosalind.franklin@example.org"));
            scene.sent_nothing();
            Ok(())
        }),
        row("api.users.query(division='<division_slug>')", async |scene, client| {
            let users = client.users().query(DIVISION).all().await?;
            assert_users(&users, &["fcrick", "jwatson", "mwilkins", "rfranklin"]);
            scene.sent("GET /users?division=kings-college&offset=0&limit=100");
            Ok(())
        }),
        row("api.users.query(division='<division_slug>', role='member')", async |scene, client| {
            let members = client.users().query(DIVISION).role(UserListRole::Member).all().await?;
            assert_users(&members, &["fcrick", "jwatson", "mwilkins"]);
            scene.sent("GET /users?division=kings-college&role=member&offset=0&limit=100");
            Ok(())
        }),
        row("api.users.query(division='<division_slug>', role='admin')", async |scene, client| {
            let admins = client.users().query(DIVISION).role(UserListRole::Admin).all().await?;
            assert_users(&admins, &["rfranklin"]);
            scene.sent("GET /users?division=kings-college&role=admin&offset=0&limit=100");
            Ok(())
        }),
        row(
            "api.users.query(division='<division_slug>', role='external_collaborator')",
            async |scene, client| {
                let external =
                    client.users().query(DIVISION).role(UserListRole::ExternalCollaborator).all().await?;
                assert_users(&external, &[]);
                scene.sent("GET /users?division=kings-college&role=external_collaborator&offset=0&limit=100");
                Ok(())
            },
        ),
        row("api.users.get('<username>')", async |scene, client| {
            let user = client.user("rfranklin").get().await?;
            assert_eq!(user.last_name.as_deref(), Some("Franklin"));
            scene.sent("GET /users/rfranklin");
            Ok(())
        }),
        row("user.disable()", async |scene, client| {
            client.user("jwatson").disable().await?;
            scene.sent("DELETE /users/jwatson");
            assert_users(&client.users().query(DIVISION).all().await?, &["fcrick", "mwilkins", "rfranklin"]);
            scene.prepared();
            Ok(())
        }),
        row("api.teams.query(division='<division_slug>')", async |scene, client| {
            let teams = client.teams().query(DIVISION).all().await?;
            assert_eq!(teams[0].name.as_deref(), Some("crystallography"));
            scene.sent("GET /teams?division=kings-college&offset=0&limit=100");
            Ok(())
        }),
        row("api.teams.query(division='<division_slug>', list_all=True)", async |scene, _| {
            let client = team_less_client(scene);
            let teams = client.teams().query(DIVISION).list_all(true).all().await?;
            assert_eq!(teams.len(), 1);
            scene.sent("GET /teams?division=kings-college&_all=true&offset=0&limit=100");
            Ok(())
        }),
    ]
}

/// The client of a user who is in the division but in none of its teams.
fn team_less_client(scene: &Scene) -> sbg::Client {
    scene.client_of("fcrick")
}

fn divisions() -> Vec<Row> {
    vec![
        row("api.divisions.query()", async |scene, client| {
            let divisions = client.divisions().query().all().await?;
            assert_eq!(divisions[0].id, DIVISION);
            scene.sent("GET /divisions?offset=0&limit=100");
            Ok(())
        }),
        row("api.divisions.get(id='division-id')", async |scene, client| {
            let division = client.division("kings-college").get().await?;
            assert_eq!(division.name.as_deref(), Some("King's College"));
            scene.sent("GET /divisions/kings-college");
            Ok(())
        }),
        row("division.reload()", async |scene, client| {
            let division = client.division(DIVISION);
            let reloaded = division.get().await?;
            assert_eq!(reloaded.id, DIVISION);
            scene.sent("GET /divisions/kings-college");
            Ok(())
        }),
        row("division.get_teams()", async |scene, client| {
            let division = client.division(DIVISION);
            let teams = division.teams().all().await?;
            assert_eq!(teams.len(), 1);
            scene.sent("GET /teams?division=kings-college&offset=0&limit=100");
            Ok(())
        }),
        row("division.get_members()", async |scene, client| {
            let division = client.division(DIVISION);
            let members = division.members().all().await?;
            assert_eq!(members.len(), 4);
            scene.sent("GET /users?division=kings-college&offset=0&limit=100");
            Ok(())
        }),
    ]
}
