//! A function and its test with the emulator, as shown in the guide.

use sbg::{Client, Fields, Result};
use sbg_emulator::{Emulator, FaultRule};

/// The number of files at the root of a project without a sample.
async fn without_sample(client: &Client, project: &str) -> Result<usize> {
    let mut files = client.files().query().project(project).fields(Fields::only(["metadata"])).items();
    let mut count = 0;
    while let Some(file) = files.try_next().await? {
        let sample = file.metadata.as_ref().and_then(|metadata| metadata.get("sample_id"));
        count += usize::from(sample.is_none());
    }
    Ok(count)
}

#[tokio::test]
async fn files_without_a_sample_are_counted() -> anyhow::Result<()> {
    let emulator = Emulator::builder().start().await?;
    let project = emulator.create_project("demo");
    let described = emulator.create_file(&project, "a.fastq", "ACGT");
    emulator.create_file(&project, "b.fastq", "ACGT");
    let client = Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    client.file(described).metadata().merge([("sample_id", "S1")]).await?;

    // The next request to list files gets a 502, and the client retries it.
    let rule: FaultRule = "api:get:path=/files:nth=1:502".parse()?;
    let fault = emulator.faults().add(rule);
    assert_eq!(without_sample(&client, &project).await?, 1);
    assert_eq!(emulator.faults().fired(fault), 1);
    Ok(())
}
