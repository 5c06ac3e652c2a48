//! Pages of collections.

use crate::{TestEnv, header};

async fn bench_with_projects(count: usize) -> TestEnv {
    let env = TestEnv::start().await;
    for number in 0..count {
        env.emulator.create_project(&format!("p{number:03}"));
    }
    env
}

#[tokio::test]
async fn next_links_lead_through_all_pages() {
    let env = bench_with_projects(7).await;
    let mut url = "/projects?limit=3&name=P".to_owned();
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let page = env.get(&url).await;
        assert_eq!(header(&page.headers, "x-total-matching-query"), "7");
        seen.extend(page.column("id"));
        pages += 1;
        let links = page.json["links"].as_array().unwrap().clone();
        match links.iter().find(|link| link["rel"] == "next") {
            Some(next) => {
                assert_eq!(next["method"], "GET");
                next["href"].as_str().unwrap().clone_into(&mut url);
            }
            None => break,
        }
    }
    assert_eq!((pages, seen.len()), (3, 7));
    assert_eq!(seen[6], "rfranklin/p006");
}

#[tokio::test]
async fn page_links_to_adjacent_pages() {
    let env = bench_with_projects(5).await;
    let page = env.get("/projects?offset=2&limit=2&name=p0").await;
    let base = env.emulator.url();
    assert_eq!(page.text("href"), format!("{base}/projects?offset=2&limit=2&name=p0"));
    let links = &page.json["links"];
    assert_eq!(links[0]["href"], format!("{base}/projects?offset=4&limit=2&name=p0"));
    assert_eq!(links[1]["href"], format!("{base}/projects?offset=0&limit=2&name=p0"));
    assert_eq!(links[1]["rel"], "prev");
    let beyond = env.get("/projects?offset=100&limit=2").await;
    assert!(beyond.column("id").is_empty());
    assert_eq!(beyond.json["links"][0]["rel"], "prev");
}

#[tokio::test]
async fn page_limits_are_enforced() {
    let env = bench_with_projects(60).await;
    assert_eq!(env.get("/projects").await.column("id").len(), 50);
    assert_eq!(env.get("/projects?limit=100").await.column("id").len(), 60);
    for query in ["limit=0", "limit=101", "limit=x", "offset=-1", "limit=99999999999999999999"] {
        let refused = env.get(&format!("/projects?{query}")).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, 90000), "{query}");
    }
}

#[tokio::test]
async fn list_items_are_short_by_default() {
    let env = bench_with_projects(1).await;
    let keys = |page: &crate::ApiResponse| -> Vec<String> {
        page.json["items"][0].as_object().unwrap().keys().cloned().collect()
    };
    let short = env.get("/projects").await;
    assert_eq!(keys(&short), ["href", "id", "name", "created_by", "category", "created_on", "modified_on"]);
    assert!(keys(&env.get("/projects?fields=_all").await).contains(&"settings".to_owned()));
    assert_eq!(keys(&env.get("/projects?fields=id,settings(locked)").await), ["id", "settings"]);
    assert!(!keys(&env.get("/projects?fields=!settings").await).contains(&"settings".to_owned()));
}
