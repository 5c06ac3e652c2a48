//! The rules of the specification. Each has a name, which findings show, and a description.

use std::fmt;

macro_rules! rules {
    ($($variant:ident $name:literal $description:literal)*) => {
        /// A rule of the specification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name, in kebab-case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The rule in a sentence.
            pub fn description(self) -> &'static str {
                match self { $(Self::$variant => $description),* }
            }
        }
    };
}

rules! {
    UnreadableFile "unreadable-file" "Every file of the specification is readable."
    YamlSyntax "yaml-syntax" "A file is one document of valid YAML."
    YamlAnchor "yaml-anchor" "YAML is written without anchors, aliases and tags."
    DuplicateKey "duplicate-key" "A mapping has no duplicate key."
    AreaList "area-list" "`x-sbg-areas` of sbg.yaml lists each existing area file once."
    OperationList "operation-list" "A row of operations.tsv has four fields and is unique."
    ErrorCodeList "error-code-list" "A row of error-codes.tsv has four fields and a unique code."

    OpenapiVersion "openapi-version" "The document is OpenAPI 3.0."
    UnknownKey "unknown-key" "A key is one that OpenAPI defines here."
    WrongShape "wrong-shape" "A value has the form that OpenAPI requires here."
    MissingKey "missing-key" "Required keys are present."
    UnsupportedKeyword "unsupported-keyword" "A keyword is one that all generators support."
    UnknownExtension "unknown-extension" "An extension is one of those that openapi/README.md lists, where it belongs."
    ExtensionValue "extension-value" "An extension has a valid value."

    DuplicateComponent "duplicate-component" "A component name is unique among all areas."
    ComponentName "component-name" "A component has a name in PascalCase, such as `DrsImport`."
    DanglingRef "dangling-ref" "A `$ref` names an existing component of the right kind."
    ForeignRef "foreign-ref" "A `$ref` leads to the same file or to common.yaml."
    RefSiblings "ref-siblings" "A `$ref` has no siblings, which readers ignore."
    RefCycle "ref-cycle" "No component contains itself by `allOf` or `oneOf`."
    UnusedComponent "unused-component" "Every component is used by an operation."
    ErrorSchema "error-schema" "common.yaml has the schema `Error`, which all error responses use."

    DuplicatePath "duplicate-path" "A path is defined once, also under other parameter names."
    DuplicateOperationId "duplicate-operation-id" "An operation id is unique."
    OperationId "operation-id" "An operation has the id in operations.tsv, in snake_case."
    UnlistedOperation "unlisted-operation" "Every operation is in operations.tsv, under the area of its file."
    Coverage "coverage" "Every row of operations.tsv is an operation of the specification."
    OperationTag "operation-tag" "An operation has one tag: the name of its area file, declared in sbg.yaml."
    MissingSummary "missing-summary" "An operation has a summary."
    SummaryFullStop "summary-full-stop" "A summary ends without a full stop."
    MissingDescription "missing-description" "Tags, operations, parameters, responses, schemas and properties have a description."
    PathParameters "path-parameters" "The parameters of the path template are declared and required."
    DuplicateParameter "duplicate-parameter" "An operation has no duplicate parameter."
    ParameterLocation "parameter-location" "A parameter is in the path or in the query."
    QueryStyle "query-style" "A list in a query is sent by repeating the parameter."
    RequestBody "request-body" "A request body is required."
    MediaType "media-type" "A body has one media type, application/json."
    SuccessResponse "success-response" "An operation has one success response, '2XX'."
    ErrorResponse "error-response" "Error responses are added by the bundler."
    MissingExample "missing-example" "A response with a body has an example."
    BadExample "bad-example" "An example fits its schema."
    Idempotent "idempotent" "Every POST and PATCH says whether it is idempotent; no other method does."
    Pagination "pagination" "An operation that returns a page, and no other, declares its pagination."

    InlineSchema "inline-schema" "An object is a named component; a body refers to one."
    BareRef "bare-ref" "A property that is a component is wrapped: {description: ..., allOf: [{$ref: ...}]}."
    AllOf "all-of" "`allOf` wraps a single `$ref`."
    OneOf "one-of" "The branches of `oneOf` are scalars and lists of scalars."
    AdditionalProperties "additional-properties" "`additionalProperties` is a schema, `{}` for anything."
    UnsupportedType "unsupported-type" "A schema has one of the types of JSON, or is any JSON."
    UnsupportedFormat "unsupported-format" "A format is int32 or int64 of every integer, date-time or password of a string, double of a number."
    NamesInRust "names-in-rust" "Values of an enum and properties of an object have distinct names in Rust."
    RequiredProperty "required-property" "A required name is a property and listed once."

    TwoSides "two-sides" "A schema belongs to requests or to responses, not to both."
    ClosedEnum "closed-enum" "A set of values in a response is open."
    OpenEnumInRequest "open-enum-in-request" "A set of values in a request is closed."
    DefaultInRequest "default-in-request" "A request has no `default`; its description says what the platform uses."
    ExtraInRequest "extra-in-request" "An object of a request has no additional fields."

    PortableChoice "portable-choice" "In a parameter, a choice between types has a string among them."
    PortableQueryMap "portable-query-map" "An object in a query is a map of strings."
    PortableParameter "portable-parameter" "The names of components differ from each other with `Parameter` after those of parameters."
    PortableSchema "portable-schema" "The names of schemas differ in more than case, also from the one that `File` gets."
    PortableEnum "portable-enum" "The constants of an enum differ in more than case and punctuation."

    NonAscii "non-ascii" "Descriptions are plain ASCII."
    CodeSpan "code-span" "Backticks come in pairs."
    BareUrl "bare-url" "A URL in a description is in angle brackets or in a code span."
    AngleBrackets "angle-brackets" "`<` before a word is in a code span."
    SquareBrackets "square-brackets" "`[` and `]` are in code spans."
    IndentedBlock "indented-block" "No line of a description is indented by four or more."
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
