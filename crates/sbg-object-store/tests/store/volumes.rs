//! The list of a volume as a store.

use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _};
use sbg::volumes::Service;
use sbg_object_store::VolumeStore;
use sbg_tests::Stage;

async fn volume() -> (Stage, VolumeStore) {
    let stage = Stage::start().await;
    for number in 0..130 {
        let key = format!("in/S1/{number:03}.fastq");
        stage.emulator.put_object("bucket", &key, "ACGT").expect("an object");
    }
    stage.emulator.put_object("bucket", "in/README.txt", "x").expect("an object");
    stage.emulator.put_object("bucket", "in/S1/deep/er.txt", "xy").expect("an object");
    let service = Service::s3("bucket", "AKIAIOSFODNN7EXAMPLE", "secret").prefix("in/");
    stage.client.volumes().create("lab", service).await.expect("a volume");
    let store = VolumeStore::new(stage.client.clone(), "rfranklin/lab");
    stage.emulator.clear_requests();
    (stage, store)
}

#[tokio::test]
async fn objects_are_listed_with_sizes() {
    let (stage, store) = volume().await;
    let mut all: Vec<_> = store.list(None).try_collect().await.unwrap();
    all.sort_by(|left, right| left.location.cmp(&right.location));
    assert_eq!(all.len(), 132);
    assert_eq!((all[0].location.as_ref(), all[0].size), ("README.txt", 1));
    assert_eq!((all[1].location.as_ref(), all[1].size), ("S1/000.fastq", 4));
    assert!(all[1].last_modified.timestamp() > 0);
    assert_eq!(stage.emulator.requests().len(), 4, "the root, two pages of a folder, and the folder in it");
    let below: Vec<_> = store.list(Some(&Path::from("S1/deep"))).try_collect().await.unwrap();
    assert_eq!(below.len(), 1);
    assert_eq!(below[0].location.as_ref(), "S1/deep/er.txt");
    let root = store.list_with_delimiter(None).await.unwrap();
    assert_eq!(root.common_prefixes, [Path::from("S1")]);
    assert_eq!(root.objects.len(), 1);
    let none: Vec<_> = store.list(Some(&Path::from("S"))).try_collect().await.unwrap();
    assert!(none.is_empty(), "a prefix is a folder, not the start of a name");
}

#[tokio::test]
async fn object_is_found_by_its_path() {
    let (_stage, store) = volume().await;
    let object = store.head(&Path::from("S1/007.fastq")).await.unwrap();
    assert_eq!((object.size, object.location.as_ref()), (4, "S1/007.fastq"));
    let error = store.head(&Path::from("S1/none.fastq")).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn content_is_refused() {
    let (stage, store) = volume().await;
    let object = Path::from("README.txt");
    let refused = [
        store.get(&object).await.err(),
        store.get_range(&object, 0..1).await.err(),
        store.put(&object, "x".into()).await.err(),
        store.put_multipart(&object).await.err(),
        store.delete(&object).await.err(),
        store.copy(&object, &Path::from("copy.txt")).await.err(),
    ];
    for error in refused {
        assert!(matches!(error, Some(Error::NotImplemented { .. })), "{error:?}");
    }
    assert!(stage.emulator.requests().is_empty());
}
