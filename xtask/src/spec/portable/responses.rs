//! Responses. Generators that do not know ranges of statuses give a result without a type, or none.

use serde_json::{Value, json};

use super::Portable;

/// Lists the statuses of success instead of their range, and makes the error the default, with an example.
pub fn rewrite(portable: &mut Portable<'_>) {
    let example = error_example(portable);
    let paths = portable.document["paths"].as_object_mut();
    let operations = paths.into_iter().flatten().filter_map(|(_, item)| item.as_object_mut()).flatten();
    for (method, operation) in operations {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { continue };
        let (success, error) = (responses.shift_remove("2XX"), responses.shift_remove("4XX"));
        responses.shift_remove("5XX");
        if let Some(success) = success {
            // A status that a client does not expect is a failure to many: the platform may create with either of two.
            let statuses: &[&str] = match (success.get("content").is_some(), method == "get") {
                (true, true) => &["200"],
                (true, false) => &["200", "201"],
                (false, _) => &["204", "200"],
            };
            for status in statuses {
                responses.insert((*status).to_owned(), success.clone());
            }
        }
        if let Some(mut error) = error {
            error["description"] = json!("The call was refused, or the platform failed.");
            error["content"]["application/json"]["example"] = example.clone();
            responses.insert("default".to_owned(), error);
        }
    }
}

/// An error of the platform: the first one of the list that says that something does not exist.
fn error_example(portable: &Portable<'_>) -> Value {
    let codes = &portable.spec.error_codes;
    match codes.iter().find(|code| code.status == 404).or(codes.first()) {
        Some(code) => json!({"status": code.status, "code": code.code, "message": code.message}),
        None => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::spec::portable::tests::orchard;

    #[test]
    fn ranges_become_statuses() {
        let document = orchard();
        let check = |path: &str, method: &str, expected: &[&str]| {
            let responses = document["paths"][path][method]["responses"].as_object().unwrap();
            assert_eq!(responses.keys().collect::<Vec<_>>(), expected, "{method} {path}");
        };
        check("/pears", "get", &["200", "default"]);
        check("/pears", "post", &["200", "201", "default"]);
        check("/pears/{pear_id}", "delete", &["204", "200", "default"]);
    }

    #[test]
    fn error_has_an_example() {
        let document = orchard();
        let error = &document["paths"]["/figs"]["get"]["responses"]["default"]["content"]["application/json"];
        assert_eq!(
            error["example"],
            json!({"status": 404, "code": 5002, "message": "There is no such pear."})
        );
    }
}
