//! The rules that the specification is held to. Each has a name, which findings carry, and a sentence.

use std::fmt;

macro_rules! rules {
    ($($variant:ident $name:literal $says:literal)*) => {
        /// A rule of the specification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Rule {
            /// Every rule there is.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name, in kebab-case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What the rule says, in a sentence.
            pub fn says(self) -> &'static str {
                match self { $(Self::$variant => $says),* }
            }
        }
    };
}

rules! {
    UnreadableFile "unreadable-file" "A file that the specification names can be read."
    YamlSyntax "yaml-syntax" "A file is one document of valid YAML."
    YamlAnchor "yaml-anchor" "YAML is written without anchors, aliases and tags."
    DuplicateKey "duplicate-key" "A mapping has each key once."
    AreaList "area-list" "`x-sbg-areas` of sbg.yaml lists each area file that is there, once."
    OperationList "operation-list" "A row of operations.tsv has four fields, and says what no other row says."
    ErrorCodeList "error-code-list" "A row of error-codes.tsv has four fields, and a code of its own."

    OpenapiVersion "openapi-version" "The document is OpenAPI 3.0."
    UnknownKey "unknown-key" "A key is one that OpenAPI has in this place."
    WrongShape "wrong-shape" "A value has the form that OpenAPI asks for in this place."
    MissingKey "missing-key" "What cannot be read without a key has it."
    UnsupportedKeyword "unsupported-keyword" "A keyword is one that all our generators understand."
    UnknownExtension "unknown-extension" "An extension is one of those that openapi/README.md lists, in the place it belongs to."
    ExtensionValue "extension-value" "An extension has one of its values."

    DuplicateComponent "duplicate-component" "A component has a name that no other area uses."
    ComponentName "component-name" "A component has a name in PascalCase, such as `DrsImport`."
    DanglingRef "dangling-ref" "A `$ref` names a component that is there, of the kind that the place asks for."
    ForeignRef "foreign-ref" "A `$ref` goes to the same file or to common.yaml."
    RefSiblings "ref-siblings" "Nothing stands beside a `$ref`, where every reader ignores it."
    RefCycle "ref-cycle" "No component is made of itself."
    UnusedComponent "unused-component" "Every component is used by an operation."
    ErrorSchema "error-schema" "common.yaml has the schema `Error`, to which all error answers refer."

    DuplicatePath "duplicate-path" "A path stands in one place, whatever its parameters are called."
    DuplicateOperationId "duplicate-operation-id" "An operation has an id of its own."
    OperationId "operation-id" "An operation has the id that operations.tsv gives it, in snake_case."
    UnlistedOperation "unlisted-operation" "Every operation is in operations.tsv, under the area of its file."
    Coverage "coverage" "Every row of operations.tsv is an operation of the specification."
    OperationTag "operation-tag" "An operation has one tag, the name of its area file, which sbg.yaml declares."
    MissingSummary "missing-summary" "An operation has a summary."
    SummaryFullStop "summary-full-stop" "A summary ends without a full stop."
    MissingDescription "missing-description" "Tags, operations, parameters, answers, schemas and properties have a description."
    PathParameters "path-parameters" "The parameters of the path template are the path parameters declared, all required."
    DuplicateParameter "duplicate-parameter" "An operation has each parameter once."
    ParameterPlace "parameter-place" "A parameter is part of the path or of the query."
    QueryStyle "query-style" "A list in a query is sent by repeating the parameter."
    RequestBody "request-body" "A request body is required."
    MediaType "media-type" "A body has one media type, application/json."
    SuccessAnswer "success-answer" "An operation has one success answer, '2XX'."
    ErrorAnswer "error-answer" "Error answers are left to the bundler."
    MissingExample "missing-example" "An answer with a body has an example."
    BadExample "bad-example" "An example fits its schema."
    Idempotent "idempotent" "Every POST and PATCH says whether it is idempotent; no other method does."
    Pagination "pagination" "An operation whose answer is a page says how the next one is found; no other does."

    InlineSchema "inline-schema" "An object is a named component; a body refers to one."
    BareRef "bare-ref" "A property that is a component is wrapped: {description: ..., allOf: [{$ref: ...}]}."
    AllOf "all-of" "`allOf` wraps a single `$ref`."
    OneOf "one-of" "The branches of `oneOf` are scalars and lists of scalars."
    AdditionalProperties "additional-properties" "`additionalProperties` is a schema, `{}` for anything."
    UnsupportedType "unsupported-type" "A schema has one of the types of JSON, or is any JSON."
    UnsupportedFormat "unsupported-format" "A format is int32 or int64 of every integer, date-time or password of a string, double of a number."
    NamesInRust "names-in-rust" "Values of an enum and properties of an object have names of their own in Rust."
    RequiredProperty "required-property" "What is required is a property, named once."

    TwoSides "two-sides" "A schema belongs to requests or to answers, not to both."
    ClosedEnum "closed-enum" "A set of values in an answer is open."
    OpenEnumInRequest "open-enum-in-request" "A set of values in a request is closed."
    DefaultInRequest "default-in-request" "What a client sends has no `default`: the description says what the platform takes."
    ExtraInRequest "extra-in-request" "An object of a request has no fields beside its properties."

    NonAscii "non-ascii" "Descriptions are plain ASCII."
    CodeSpan "code-span" "Backticks come in pairs."
    BareUrl "bare-url" "An address in a description stands in angle brackets or in a code span."
    AngleBrackets "angle-brackets" "`<` before a word stands in a code span."
    SquareBrackets "square-brackets" "`[` and `]` stand in code spans."
    IndentedBlock "indented-block" "No line of a description is indented by four or more."
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
