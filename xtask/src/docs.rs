//! `cargo xtask docs`: writes the reference of the API as one HTML file that loads nothing, into `target/docs`.
//!
//! The page is Scalar's, from npm, with the portable bundle inside. `cargo xtask witness pages` opens it in a browser.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::lint;
use crate::spec::{ErrorCode, Spec, bundle, portable};
use xtask_process::{NPM, empty, output, step, versions};

/// The package with the page, and what npm says of its content.
const PACKAGE: &str = "@scalar/api-reference@1.76.0";
const INTEGRITY: &str =
    "sha512-pjqwnzmA9YK3ZX+IZSICMsywm4qI6HLSngR2py9H6TvFApHHuJjkTAd+gFJfnqJDzJuro8k7ji6JCtJ2U+Byng==";
/// The script in it, which has everything.
const SCRIPT: &str = "package/dist/browser/standalone.js";

/// Starts the page. An emulator that serves it is the first server to try calls on.
const START: &str = r##"
if (location.protocol.startsWith("http")) {
  content.servers.unshift({ url: `${location.origin}/v2`, description: "This emulator" });
}
Scalar.createApiReference("#app", {
  content,
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
  operationTitleSource: "path",
  searchHotKey: "k",
  authentication: { preferredSecurityScheme: "AuthToken" },
});
"##;

/// Writes the page and returns its path.
pub fn run(root: &Path) -> Result<PathBuf> {
    let spec = Spec::read(&root.join("openapi"))?;
    lint::check(&spec)?;
    let mut document = portable::portable(&spec, bundle::bundle(&spec)).0;
    explain(&mut document, &spec.error_codes);
    let folder = root.join("target/docs");
    let script = fs::read_to_string(script(&folder.join("scalar"))?).context("cannot read the script")?;
    let page = folder.join("index.html");
    fs::write(&page, html(&document, &script)).with_context(|| format!("cannot write {}", page.display()))?;
    Ok(page)
}

/// The script of the page, which is fetched once.
fn script(folder: &Path) -> Result<PathBuf> {
    let script = folder.join(SCRIPT);
    if folder.join(INTEGRITY.replace('/', "_")).exists() {
        return Ok(script);
    }
    versions(&[&NPM])?;
    step("docs: fetch the page", || {
        empty(folder)?;
        let pack = ["pack", "--json", "--ignore-scripts", PACKAGE];
        let packed: Value =
            serde_json::from_str(&output(Command::new("npm").args(pack).current_dir(folder))?)?;
        let [name, integrity] =
            ["/0/filename", "/0/integrity"].map(|at| packed.pointer(at).and_then(Value::as_str));
        ensure!(
            integrity == Some(INTEGRITY),
            "{PACKAGE} has other content than when it was pinned: {integrity:?}"
        );
        let name = name.context("npm does not name the file")?;
        output(Command::new("tar").args(["-xzf", name, SCRIPT]).current_dir(folder))?;
        fs::write(folder.join(INTEGRITY.replace('/', "_")), "").context("cannot write to target/docs")
    })?;
    Ok(script)
}

/// Adds what a reader looks for: a mark on calls that need advance access, operation ids, and the error codes.
fn explain(document: &mut Value, codes: &[ErrorCode]) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let operations =
        paths.filter_map(|(_, item)| item.as_object_mut()).flatten().filter(|(key, _)| *key != "parameters");
    for (_, operation) in operations {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let mut badges = vec![json!({"name": id})];
        if operation["x-sbg-advance-access"] == true {
            badges.push(json!({"name": "advance access", "color": "#b45309"}));
        }
        operation["x-badges"] = Value::Array(badges);
    }
    // The page sends optional parameters that have an example unless the reader removes them.
    let parameters = document["components"]["parameters"].as_object_mut().into_iter().flatten();
    for (_, parameter) in parameters.filter(|(_, parameter)| parameter["required"] != true) {
        if let Some(parameter) = parameter.as_object_mut() {
            parameter.shift_remove("example");
        }
    }
    let mut text = document["info"]["description"].as_str().unwrap_or_default().to_owned();
    text += "\n\n## Error codes\n\n| code | status | message |\n|---|---|---|\n";
    for ErrorCode { code, status, message, .. } in codes {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {code} | {status} | {} |", message.replace('|', "\\|"));
    }
    document["info"]["description"] = Value::String(text);
}

/// The page.
fn html(document: &Value, script: &str) -> String {
    // Nothing in a script may look like its end.
    let script = script.replace("</script", "<\\/script");
    let document = document.to_string().replace('<', "\\u003c");
    let title = "Seven Bridges API";
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n</head>\n<body>\n<div id=\"app\"></div>\n<script>{script}</script>\n\
         <script>\nconst content = {document};{START}</script>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_has_no_early_end_of_a_script() {
        let page = html(&json!({"info": {"title": "</script><b>"}}), "let end = '</script>';");
        assert_eq!(page.matches("</script>").count(), 2, "{page}");
        assert!(page.contains(r"\u003c/script>\u003cb>"), "{page}");
    }

    #[test]
    fn operations_show_id_and_advance_access() {
        let mut document = json!({
            "info": {"description": "About."},
            "components": {"parameters": {"Fields": {"example": "id"}, "PearId": {"required": true, "example": "p1"}}},
            "paths": {"/pears": {
                "get": {"operationId": "pear_list"},
                "post": {"operationId": "pear_plant", "x-sbg-advance-access": true},
            }},
        });
        let code =
            ErrorCode { code: 5002, status: 404, group: "5xxx".to_owned(), message: "No | pear.".to_owned() };
        explain(&mut document, &[code]);
        let parameters = &document["components"]["parameters"];
        assert_eq!(
            (parameters["Fields"].get("example"), parameters["PearId"].get("example")),
            (None, Some(&json!("p1")))
        );
        let badges = |method: &str| document["paths"]["/pears"][method]["x-badges"].as_array().unwrap().len();
        assert_eq!([badges("get"), badges("post")], [1, 2]);
        let text = document["info"]["description"].as_str().unwrap();
        assert!(
            text.starts_with("About.\n\n## Error codes") && text.ends_with("| 5002 | 404 | No \\| pear. |\n"),
            "{text}"
        );
    }
}
