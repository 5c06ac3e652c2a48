//! Ids: an accepted id is displayed unchanged and cannot change the structure of a URL.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sbg::{AppId, DatasetId, ProjectId, VolumeId};

fuzz_target!(|text: &str| {
    check(text, text.parse::<ProjectId>().map(|id| id.to_string()));
    check(text, text.parse::<AppId>().map(|id| id.to_string()));
    check(text, text.parse::<VolumeId>().map(|id| id.to_string()));
    check(text, text.parse::<DatasetId>().map(|id| id.to_string()));
});

fn check<E: std::error::Error>(text: &str, parsed: Result<String, E>) {
    match parsed {
        Ok(shown) => {
            assert_eq!(shown, text);
            let address = format!("https://api.example.org/v2/things/{text}/members");
            let url = url::Url::parse(&address).expect("an address");
            let pieces: Vec<&str> = url.path_segments().expect("a path").collect();
            assert_eq!(pieces.len(), 3 + text.split('/').count(), "{text}");
            assert_eq!(pieces.last(), Some(&"members"));
            assert_eq!((url.query(), url.fragment(), url.host_str()), (None, None, Some("api.example.org")));
        }
        Err(error) => {
            let shown = error.to_string();
            assert!(shown.len() < 2000 && !shown.contains(char::is_control), "{shown:?}");
        }
    }
}
