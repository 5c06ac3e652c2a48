//! Whether answers can be read as the generated types: asks the example `decode` of `sbg-raw`, which is built for it.
//!
//! The xtask itself does not depend on `sbg-raw`, so that it builds whatever state the generated code is in.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};
use sbg_document::drift::Answer;

use xtask_process::{Program, program};

/// Why each of `answers` cannot be read as the type that is generated for it; `None` where it can.
pub fn decode(root: &Path, answers: &[Answer]) -> Result<Vec<Option<String>>> {
    if answers.is_empty() {
        return Ok(Vec::new());
    }
    let mut input = Vec::new();
    for answer in answers {
        serde_json::to_writer(&mut input, answer)?;
        input.push(b'\n');
    }
    let decoder =
        program(root, Program::Example("decode")).context("the decoder of sbg-raw cannot be built")?;
    let mut decoder = Command::new(decoder);
    decoder.current_dir(root).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = decoder.spawn().context("cannot run the decoder")?;
    let mut stdin = child.stdin.take().context("the decoder has no input")?;
    // Written beside the reading: neither side waits for the other with a full pipe. Where the program ends early, its status tells.
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().context("cannot run the decoder")?;
    let written = writer.join();
    ensure!(output.status.success(), "the decoder ended with {}", output.status);
    ensure!(matches!(written, Ok(Ok(()))), "the decoder did not read to the end");
    let verdicts = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let verdicts: Vec<Option<String>> = verdicts.map(serde_json::from_slice).collect::<Result<_, _>>()?;
    ensure!(
        verdicts.len() == answers.len(),
        "the decoder gave {} verdicts on {} answers",
        verdicts.len(),
        answers.len()
    );
    Ok(verdicts)
}

#[cfg(test)]
mod tests {
    use sbg_document::drift::ERROR;
    use sbg_document::operations;
    use serde_json::Value;

    use super::*;
    use crate::spec::Spec;
    use crate::spec::bundle;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn example_of_every_operation_is_decoded() {
        let document = bundle::bundle(&Spec::read(&root().join("openapi")).unwrap());
        let (mut answers, mut without_body) = (Vec::new(), 0);
        for (_, operation) in operations(&document) {
            let id = operation["operationId"].as_str().unwrap();
            match operation.pointer("/responses/2XX/content/application~1json") {
                Some(body) => {
                    answers.push(Answer { operation: id.to_owned(), answer: body["example"].clone() });
                }
                None => without_body += 1,
            }
        }
        assert_eq!(answers.len() + without_body, operations(&document).count());
        assert!(answers.iter().all(|answer| !answer.answer.is_null()), "an answer without an example");
        let verdicts = decode(root(), &answers).unwrap();
        let unread: Vec<_> = answers
            .iter()
            .zip(verdicts)
            .filter_map(|(answer, verdict)| Some((&answer.operation, verdict?)))
            .collect();
        assert!(unread.is_empty(), "{unread:#?}");
    }

    #[test]
    fn decoding_errors_are_reported() {
        let answer = |operation: &str, answer: Value| Answer { operation: operation.to_owned(), answer };
        let answers = [
            answer("project_get", serde_json::json!({"id": "a/b", "extra": 1})),
            answer("project_get", serde_json::json!({"name": "no id"})),
            answer(ERROR, serde_json::json!({"status": "NOT_FOUND", "code": 5002})),
            answer("project_paint", serde_json::json!({})),
        ];
        let verdicts = decode(root(), &answers).unwrap();
        assert!(verdicts[0].is_none() && verdicts[2].is_none(), "{verdicts:?}");
        assert!(verdicts[1].as_deref().unwrap().starts_with("missing field `id`"), "{verdicts:?}");
        assert_eq!(verdicts[3].as_deref(), Some("no operation `project_paint` has a body in its answer"));
    }
}
