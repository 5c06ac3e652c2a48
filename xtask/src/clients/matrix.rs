//! The list of clients: how each is generated, and in which language; and that of the linters.

/// A client of the matrix.
pub struct Client {
    /// Its name, which its program has as well.
    pub name: &'static str,
    pub generator: Generator,
    pub language: Language,
    /// Whether CI runs it.
    pub cheap: bool,
    /// What a program does itself because the client does not.
    pub by_hand: &'static str,
}

/// How a client is generated. In arguments, `IN` is the document and `OUT` the file or folder to write.
pub enum Generator {
    /// OpenAPI Generator, with the name of its generator and its options.
    Jar(&'static str, &'static [&'static str]),
    /// A program of a Node package: package, program, arguments, and the options that a user has to give.
    Node(&'static str, &'static str, &'static [&'static str], &'static str),
    /// The same of a Python package.
    Python(&'static str, &'static str, &'static [&'static str], &'static str),
}

/// The language of a client, which says how it is compiled and run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Python,
    TypeScript,
    Java,
    Go,
    Php,
    Ruby,
    R,
    Rust,
    /// Types in Python, without calls.
    Models,
}

/// A linter, as the table has it.
pub struct Linter {
    pub name: &'static str,
    pub package: &'static str,
    pub documents: &'static str,
}

/// All linters. Each finding fails the task.
pub const LINTERS: [Linter; 3] = [
    Linter { name: "redocly", package: "@redocly/cli", documents: "both bundles" },
    Linter {
        name: "openapi-spec-validator",
        package: "openapi-spec-validator",
        documents: "the portable bundle",
    },
    Linter { name: "spectral", package: "@stoplight/spectral-cli", documents: "the portable bundle" },
];

/// The steps of the scenario, as the programs print them.
const STEPS: [&str; 12] = [
    "account", "project", "folder", "upload", "names", "metadata", "rename", "download", "tasks", "refusal",
    "nulls", "unknown",
];

/// The steps of a program that has models only.
const MODEL_STEPS: [&str; 4] = ["examples", "account", "nulls", "unknown"];

impl Client {
    /// The steps of its program.
    pub fn steps(&self) -> &'static [&'static str] {
        match self.language {
            Language::Models => &MODEL_STEPS,
            _ => &STEPS,
        }
    }
}

const ENTRY: &str = "a metadata filter as a parameter of its own";

/// All clients.
pub const CLIENTS: &[Client] = &[
    Client {
        name: "openapi-python-client",
        generator: Generator::Python(
            "openapi-python-client",
            "openapi-python-client",
            &[
                "generate",
                "--overwrite",
                "--fail-on-warning",
                "--path",
                "IN",
                "--config",
                "CONFIG",
                "--output-path",
                "OUT",
            ],
            "",
        ),
        language: Language::Python,
        cheap: true,
        by_hand: "",
    },
    Client {
        name: "python",
        generator: Generator::Jar(
            "python",
            &["--additional-properties=packageName=sbg_api", "--name-mappings=copy=copy_"],
        ),
        language: Language::Python,
        cheap: true,
        by_hand: "",
    },
    Client {
        name: "openapi-fetch",
        generator: Generator::Node(
            "openapi-typescript",
            "openapi-typescript",
            &["IN", "--output", "OUT.d.ts"],
            "",
        ),
        language: Language::TypeScript,
        cheap: true,
        by_hand: "`querySerializer` with `explode: true`",
    },
    Client {
        name: "hey-api",
        generator: Generator::Node(
            "@hey-api/openapi-ts",
            "openapi-ts",
            &["--input", "IN", "--output", "OUT", "--client", "@hey-api/client-fetch"],
            "",
        ),
        language: Language::TypeScript,
        cheap: true,
        by_hand: "",
    },
    Client {
        name: "orval",
        generator: Generator::Node(
            "orval",
            "orval",
            &["--input", "IN", "--output", "OUT.ts", "--client", "fetch"],
            "`--client fetch`",
        ),
        language: Language::TypeScript,
        cheap: false,
        by_hand: ENTRY,
    },
    Client {
        name: "swagger-typescript-api",
        generator: Generator::Node(
            "swagger-typescript-api",
            "swagger-typescript-api",
            &["generate", "--path", "IN", "--output", "FOLDER", "--name", "swagger-typescript-api.ts"],
            "",
        ),
        language: Language::TypeScript,
        cheap: false,
        by_hand: ENTRY,
    },
    Client {
        name: "oazapfts",
        generator: Generator::Node("oazapfts", "oazapfts", &["IN", "OUT.ts"], ""),
        language: Language::TypeScript,
        cheap: false,
        by_hand: "",
    },
    Client {
        name: "openapi-zod-client",
        generator: Generator::Node(
            "openapi-zod-client",
            "openapi-zod-client",
            &["IN", "--output", "OUT.ts"],
            "",
        ),
        language: Language::TypeScript,
        cheap: false,
        by_hand: "a metadata filter as a parameter of its own; types of values that may be null",
    },
    Client {
        name: "openapi-typescript-codegen",
        generator: Generator::Node(
            "openapi-typescript-codegen",
            "../openapi-typescript-codegen/bin/index.js",
            &["--input", "IN", "--output", "OUT"],
            "",
        ),
        language: Language::TypeScript,
        cheap: false,
        by_hand: "a list with a metadata filter by `request`",
    },
    Client {
        name: "typescript-fetch",
        generator: Generator::Jar("typescript-fetch", &[]),
        language: Language::TypeScript,
        cheap: false,
        by_hand: "",
    },
    Client {
        name: "typescript-axios",
        generator: Generator::Jar("typescript-axios", &[]),
        language: Language::TypeScript,
        cheap: false,
        by_hand: "",
    },
    Client {
        name: "java",
        generator: Generator::Jar(
            "java",
            &[
                "--library=native",
                "--additional-properties=openApiNullable=false,useJakartaEe=true,hideGenerationTimestamp=true",
            ],
        ),
        language: Language::Java,
        cheap: true,
        by_hand: "an interceptor that divides a metadata filter into parameters",
    },
    Client {
        name: "go",
        generator: Generator::Jar(
            "go",
            &[
                "--additional-properties=enumClassPrefix=true,packageName=sbgapi",
                "--additional-properties=disallowAdditionalPropertiesIfNotPresent=false",
            ],
        ),
        language: Language::Go,
        cheap: true,
        by_hand: "",
    },
    Client {
        name: "php",
        generator: Generator::Jar("php", &[]),
        language: Language::Php,
        cheap: false,
        by_hand: "",
    },
    Client {
        name: "ruby",
        generator: Generator::Jar("ruby", &["--additional-properties=gemName=sbg_api"]),
        language: Language::Ruby,
        cheap: false,
        by_hand: "`params_encoding = :multi`",
    },
    Client {
        name: "r",
        generator: Generator::Jar(
            "r",
            &[
                "--additional-properties=packageName=sbgapi,library=httr2",
                "--parameter-name-mappings=_all=all",
                "--type-mappings=AnyType=character",
            ],
        ),
        language: Language::R,
        cheap: true,
        by_hand: "`WithHttpInfo` calls; enums after the constructor; maps and empty objects as JSON",
    },
    Client {
        name: "rust",
        generator: Generator::Jar("rust", &["--additional-properties=packageName=sbg_api"]),
        language: Language::Rust,
        cheap: false,
        by_hand: "a list with a metadata filter by `reqwest`",
    },
    Client {
        name: "datamodel-code-generator",
        generator: Generator::Python(
            "datamodel-code-generator",
            "datamodel-codegen",
            &[
                "--input",
                "IN",
                "--input-file-type",
                "openapi",
                "--output-model-type",
                "pydantic_v2.BaseModel",
                "--extra-fields",
                "allow",
                "--disable-timestamp",
                "--output",
                "OUT.py",
            ],
            "`--output-model-type pydantic_v2.BaseModel --extra-fields allow`",
        ),
        language: Language::Models,
        cheap: true,
        by_hand: "the requests: it makes models only",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::clients::guides::GUIDES;

    #[test]
    fn clients_have_distinct_names() {
        let names: BTreeSet<&str> = CLIENTS.iter().map(|client| client.name).collect();
        assert_eq!(names.len(), CLIENTS.len());
    }

    #[test]
    fn programs_of_guides_run_in_ci() {
        for (name, ..) in GUIDES {
            assert!(CLIENTS.iter().any(|client| client.name == name && client.cheap), "{name}");
        }
    }

    #[test]
    fn reach_is_kept() {
        assert!(CLIENTS.len() >= 15);
        for language in [Language::Java, Language::Php, Language::R, Language::Ruby] {
            assert!(CLIENTS.iter().any(|client| client.language == language));
        }
    }
}
