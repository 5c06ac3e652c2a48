//! A small specification that is good, and one bad edit of it for each rule.

use std::collections::BTreeSet;
use std::path::Path;

use super::check;
use crate::finding::{Finding, Findings};
use crate::rule::Rule;
use crate::spec::Spec;

const ROOT: &str = r"openapi: 3.0.3
info:
  title: Orchard
  version: '1'
  description: Fruit.
servers:
  - url: https://orchard.example/v1
    description: The orchard.
tags:
  - name: pears
    description: Pears.
  - name: figs
    description: Figs.
x-sbg-areas:
  - common.yaml
  - pears.yaml
  - figs.yaml
components:
  securitySchemes:
    Token: {type: apiKey, in: header, name: X-Token}
";

const COMMON: &str = r"components:
  parameters:
    PearId:
      name: pear_id
      in: path
      required: true
      description: Identifier of the pear.
      schema: {type: string}
      example: p1
    Limit:
      name: limit
      in: query
      description: Number of items at the most.
      schema: {type: integer, format: int32, minimum: 1}
  schemas:
    Error:
      type: object
      description: What went wrong.
      properties:
        message: {type: string, description: What went wrong.}
    Link:
      type: object
      description: A link to a page.
      properties:
        href: {type: string, description: Its address.}
    Number:
      description: A number, or a number as a string.
      oneOf:
        - {type: number}
        - {type: string}
";

const PEARS: &str = r"# Pears.
paths:
  /pears:
    get:
      operationId: pear_list
      tags: [pears]
      summary: List pears
      description: Lists pears.
      x-sbg-pagination: offset
      parameters:
        - $ref: 'common.yaml#/components/parameters/Limit'
        - name: kind
          in: query
          description: Kind of the pears.
          schema: {$ref: '#/components/schemas/PearKindFilter'}
        - name: tag
          in: query
          style: form
          explode: true
          description: Tags of the pears.
          schema: {type: array, items: {type: string}}
      responses:
        '2XX':
          description: One page of pears.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/PearPage'}
              example:
                items:
                  - id: p1
                    weight: 0.23
                    picked_on: '2024-05-01T10:00:00Z'
                    notes: {colour: green}
    post:
      operationId: pear_plant
      tags: [pears]
      summary: Plant a pear
      description: Plants a pear.
      x-sbg-idempotent: false
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/PearPlant'}
      responses:
        '2XX':
          description: The pear.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Pear'}
              example: {id: p1, kind: GREEN}
  /pears/{pear_id}:
    parameters:
      - $ref: 'common.yaml#/components/parameters/PearId'
    delete:
      operationId: pear_eat
      tags: [pears]
      summary: Eat a pear
      description: Eats a pear.
      x-sbg-advance-access: true
      responses:
        '2XX':
          description: The pear is gone.
components:
  schemas:
    Pear:
      type: object
      description: A pear.
      required: [id]
      properties:
        id: {type: string, description: Identifier.}
        kind: {description: Kind., allOf: [{$ref: '#/components/schemas/PearKind'}]}
        weight: {description: Weight in kg., allOf: [{$ref: 'common.yaml#/components/schemas/Number'}]}
        picked_on: {type: string, format: date-time, description: Time of the harvest.}
        notes: {type: object, additionalProperties: {}, description: Anything.}
    Soil:
      type: object
      description: Soil to plant in.
      properties:
        kind: {type: string, description: Kind of soil.}
    PearKind:
      type: string
      description: Kind of a pear.
      x-extensible-enum: [GREEN, YELLOW]
    PearKindFilter:
      type: string
      description: Kind of pears to list.
      enum: [GREEN, YELLOW]
    PearPage:
      type: object
      description: One page of pears.
      required: [items]
      properties:
        items: {type: array, items: {$ref: '#/components/schemas/Pear'}, description: The pears.}
        links: {type: array, items: {$ref: 'common.yaml#/components/schemas/Link'}, description: Other pages.}
    PearPlant:
      type: object
      description: The pear to plant.
      required: [name]
      properties:
        name: {type: string, minLength: 1, pattern: '^[a-z]+$', description: Name.}
        depth: {type: integer, format: int32, description: Depth in cm.}
        tags: {type: array, nullable: true, items: {type: string}, description: Tags.}
        soil: {type: object, nullable: true, description: Soil., allOf: [{$ref: '#/components/schemas/Soil'}]}
";

const FIGS: &str = r"# Figs.
paths:
  /figs:
    get:
      operationId: fig_list
      tags: [figs]
      summary: List figs
      description: Lists figs.
      responses:
        '2XX':
          description: The figs.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Figs'}
              example: {count: 3}
components:
  schemas:
    Figs:
      type: object
      description: Figs.
      properties:
        count: {type: integer, format: int64, description: How many.}
";

const OPERATIONS: &str = "area\tmethod\tpath\toperation_id
figs\tGET\t/figs\tfig_list
pears\tGET\t/pears\tpear_list
pears\tPOST\t/pears\tpear_plant
pears\tDELETE\t/pears/{id}\tpear_eat
";

const CODES: &str = "code\tstatus\tgroup\tmessage\n5002\t404\t5xxx\tThere is no such pear.\n";

const FILES: [(&str, &str); 6] = [
    ("sbg.yaml", ROOT),
    ("common.yaml", COMMON),
    ("pears.yaml", PEARS),
    ("figs.yaml", FIGS),
    ("operations.tsv", OPERATIONS),
    ("error-codes.tsv", CODES),
];

/// The findings on the good specification after an edit: file, text that stands in it once, and what to put in its place. Without a
/// text the whole file is put in place.
fn findings(edits: &[(&str, &str, &str)]) -> Vec<Finding> {
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in FILES {
        std::fs::write(dir.path().join(file), text).unwrap();
    }
    for (file, old, new) in edits {
        let path = dir.path().join(file);
        let edited = if old.is_empty() {
            (*new).to_owned()
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.matches(old).count(), 1, "{old:?} in {file}");
            text.replacen(old, new, 1)
        };
        std::fs::write(path, edited).unwrap();
    }
    match Spec::read(dir.path()).and_then(|spec| check(&spec)) {
        Ok(()) => Vec::new(),
        Err(Findings(findings)) => findings,
    }
}

/// The line that an edit of `file` is about: that with the mark `#!`, else that in which the edit begins.
fn line_of(file: &str, old: &str, new: &str) -> usize {
    let good = FILES.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| text);
    let start = if old.is_empty() { 0 } else { good.find(old).unwrap() };
    good[..start].matches('\n').count() + new[..new.find("#!").unwrap_or(0)].matches('\n').count() + 1
}

/// Rule, file, text, and the bad text in its place.
const BAD: &[(Rule, &str, &str, &str)] = &[
    (Rule::YamlSyntax, "figs.yaml", "      responses:", "      - odd\n      responses:"),
    (Rule::YamlAnchor, "figs.yaml", "summary: List figs", "summary: &all List figs"),
    (Rule::DuplicateKey, "figs.yaml", "summary: List figs", "summary: List figs\n      summary: List figs #!"),
    (Rule::AreaList, "sbg.yaml", "  - figs.yaml", "  - plums.yaml"),
    (Rule::AreaList, "sbg.yaml", "  - figs.yaml", "  - figs.yaml\n  - pears.yaml #!"),
    (Rule::AreaList, "sbg.yaml", "  - figs.yaml", "  - {figs.yaml: 1}"),
    (Rule::AreaList, "plums.yaml", "", "paths: {}\n"),
    (Rule::OperationList, "operations.tsv", "figs\tGET\t/figs\tfig_list", "figs\tGET\t/figs"),
    (Rule::OperationList, "operations.tsv", "pears\tGET\t/pears\tpear_list", "figs\tGET\t/figs\tfig_list_all"),
    (Rule::OperationList, "operations.tsv", "pears\tGET\t/pears\tpear_list", "pears\tGET\t/pears\tfig_list"),
    (Rule::ErrorCodeList, "error-codes.tsv", "5002\t404\t5xxx", "5002\t404"),
    (Rule::ErrorCodeList, "error-codes.tsv", "5002\t404", "many\t404"),
    (Rule::ErrorCodeList, "error-codes.tsv", "message\n5002", "message\n5002\t404\t5xxx\tThere is none.\n5002#!"),

    (Rule::OpenapiVersion, "sbg.yaml", "openapi: 3.0.3", "openapi: 3.1.0"),
    (Rule::UnknownKey, "figs.yaml", "      description: Lists figs.", "      description: Lists figs.\n      deskription: Figs. #!"),
    (Rule::UnknownKey, "figs.yaml", "    get:", "    fetch:"),
    (Rule::WrongShape, "figs.yaml", "tags: [figs]", "tags: figs"),
    (Rule::WrongShape, "figs.yaml", "description: Lists figs.", "description: 5"),
    (Rule::WrongShape, "pears.yaml", "minLength: 1", "minLength: -1"),
    (Rule::WrongShape, "common.yaml", "minimum: 1", "minimum: one"),
    (Rule::WrongShape, "pears.yaml", "'^[a-z]+$'", "'('"),
    (Rule::WrongShape, "pears.yaml", "required: [name]", "required: true"),
    (Rule::WrongShape, "figs.yaml", "      responses:", "      security: [{Token: []}]\n      responses:"),
    (Rule::MissingKey, "common.yaml", "    Limit:\n      name: limit", "    Limit:"),
    (Rule::MissingKey, "pears.yaml", "tags: {type: array, nullable: true, items: {type: string},", "tags: {type: array,"),
    (Rule::UnsupportedKeyword, "common.yaml", "      oneOf:", "      anyOf:"),
    (Rule::UnsupportedKeyword, "common.yaml", "      oneOf:", "      discriminator: {propertyName: kind}\n      oneOf:"),
    (Rule::UnsupportedKeyword, "pears.yaml", "minLength: 1", "not: {type: object}"),
    (Rule::UnsupportedKeyword, "figs.yaml", "example: {count: 3}", "examples: {one: {value: {count: 3}}}"),
    (Rule::UnsupportedKeyword, "figs.yaml", "    Figs:\n", "    Fruits: {$ref: '#/components/schemas/Figs'}\n    Figs:\n"),
    (Rule::UnknownExtension, "figs.yaml", "      responses:", "      x-sbg-colour: red\n      responses:"),
    (Rule::UnknownExtension, "figs.yaml", "      description: Figs.\n", "      x-sbg-pagination: offset\n      description: Figs.\n"),
    (Rule::ExtensionValue, "pears.yaml", "x-sbg-pagination: offset", "x-sbg-pagination: pages"),
    (Rule::ExtensionValue, "pears.yaml", "x-sbg-advance-access: true", "x-sbg-advance-access: false"),
    (Rule::ExtensionValue, "pears.yaml", "x-sbg-idempotent: false", "x-sbg-idempotent: seldom"),
    (Rule::ExtensionValue, "pears.yaml", "x-extensible-enum: [GREEN, YELLOW]", "x-extensible-enum: [GREEN, GREEN]"),
    (Rule::ExtensionValue, "pears.yaml", "id: {type: string,", "id: {type: string, x-extensible-enum: [A],"),
    (Rule::ExtensionValue, "figs.yaml", "      responses:", "      x-sbg-yaml: true\n      responses:"),

    (Rule::DuplicateComponent, "pears.yaml", "    Soil:", "    Soil: {type: object, description: A., properties: {}}\n    Link: #!"),
    (Rule::ComponentName, "common.yaml", "    Link:", "    HTTPLink:"),
    (Rule::ComponentName, "common.yaml", "    Limit:", "    limit:"),
    (Rule::DanglingRef, "figs.yaml", "'#/components/schemas/Figs'", "'#/components/schemas/Plums'"),
    (Rule::DanglingRef, "pears.yaml", "'common.yaml#/components/schemas/Number'", "'#/components/schemas/Number'"),
    (Rule::DanglingRef, "pears.yaml", "'common.yaml#/components/parameters/Limit'", "'common.yaml#/components/schemas/Link'"),
    (Rule::DanglingRef, "figs.yaml", "'#/components/schemas/Figs'", "Figs"),
    (Rule::ForeignRef, "pears.yaml", "'#/components/schemas/PearKindFilter'", "'figs.yaml#/components/schemas/Figs'"),
    (Rule::RefSiblings, "figs.yaml", "schema: {$ref: '#/components/schemas/Figs'}", "schema: {$ref: '#/components/schemas/Figs', nullable: true}"),
    (Rule::RefCycle, "pears.yaml", "    Soil:\n", "    Soil:\n      allOf: [{$ref: '#/components/schemas/Soil'}]\n"),
    (Rule::UnusedComponent, "figs.yaml", "    Figs:\n", "    Plums: {type: object, description: A., properties: {}}\n    Figs:\n"),
    (Rule::ErrorSchema, "common.yaml", "  schemas:\n    Error:", "  schemas: #!\n    Fault:"),

    (Rule::DuplicatePath, "figs.yaml", "  /figs:", "  /pears:"),
    (Rule::DuplicatePath, "figs.yaml", "  /figs:", "  /pears/{fig_id}:"),
    (Rule::DuplicateOperationId, "pears.yaml", "operationId: pear_plant", "operationId: pear_list"),
    (Rule::OperationId, "figs.yaml", "    get:\n      operationId: fig_list", "    get: #!"),
    (Rule::OperationId, "figs.yaml", "operationId: fig_list", "operationId: figs_list"),
    (Rule::OperationId, "figs.yaml", "operationId: fig_list", "operationId: figList"),
    (Rule::UnlistedOperation, "figs.yaml", "    get:", "    delete:"),
    (Rule::Coverage, "operations.tsv", "figs\tGET\t/figs", "figs\tGET\t/plums"),
    (Rule::OperationTag, "figs.yaml", "tags: [figs]", "tags: [pears]"),
    (Rule::OperationTag, "figs.yaml", "tags: [figs]", "tags: [figs, pears]"),
    (Rule::OperationTag, "figs.yaml", "    get:\n      operationId: fig_list\n      tags: [figs]", "    get: #!\n      operationId: fig_list"),
    (Rule::MissingSummary, "figs.yaml", "    get:\n      operationId: fig_list\n      tags: [figs]\n      summary: List figs", "    get: #!\n      operationId: fig_list\n      tags: [figs]"),
    (Rule::SummaryFullStop, "figs.yaml", "summary: List figs", "summary: List figs."),
    (Rule::MissingDescription, "figs.yaml", "count: {type: integer, format: int64, description: How many.}", "count: {type: integer, format: int64}"),
    (Rule::MissingDescription, "figs.yaml", "    Figs:\n      type: object\n      description: Figs.", "    Figs: #!\n      type: object"),
    (Rule::MissingDescription, "common.yaml", "description: Identifier of the pear.", "description: ''"),
    (Rule::PathParameters, "common.yaml", "    PearId:\n      name: pear_id\n      in: path\n      required: true", "    PearId: #!\n      name: pear_id\n      in: path"),
    (Rule::PathParameters, "pears.yaml", "  /pears/{pear_id}:\n    parameters:\n      - $ref: 'common.yaml#/components/parameters/PearId'\n    delete:", "  /pears/{pear_id}:\n    delete: #!"),
    (Rule::PathParameters, "pears.yaml", "        - $ref: 'common.yaml#/components/parameters/Limit'", "        - $ref: 'common.yaml#/components/parameters/PearId'"),
    (Rule::PathParameters, "pears.yaml", "  /pears/{pear_id}:", "  /pears/p-{pear_id}:"),
    (Rule::PathParameters, "figs.yaml", "  /figs:", "  /figs/:"),
    (Rule::DuplicateParameter, "pears.yaml", "        - $ref: 'common.yaml#/components/parameters/Limit'\n", "        - $ref: 'common.yaml#/components/parameters/Limit'\n        - $ref: 'common.yaml#/components/parameters/Limit' #!\n"),
    (Rule::ParameterPlace, "common.yaml", "in: query", "in: header"),
    (Rule::ParameterPlace, "common.yaml", "      name: limit\n      in: query", "      name: X-SBG-Advance-Access\n      in: header #!"),
    (Rule::QueryStyle, "pears.yaml", "explode: true", "explode: false"),
    (Rule::QueryStyle, "pears.yaml", "style: form", "style: spaceDelimited"),
    (Rule::RequestBody, "pears.yaml", "      requestBody:\n        required: true", "      requestBody: #!\n        required: false"),
    (Rule::RequestBody, "pears.yaml", "      requestBody:\n        required: true", "      requestBody:"),
    (Rule::MediaType, "pears.yaml", "          application/json:\n            schema: {$ref: '#/components/schemas/PearPlant'}", "          application/yaml:\n            schema: {$ref: '#/components/schemas/PearPlant'}"),
    (Rule::MediaType, "pears.yaml", "          application/json:\n            schema: {$ref: '#/components/schemas/PearPlant'}", "          multipart/form-data:\n            schema: {$ref: '#/components/schemas/PearPlant'}"),
    (Rule::MediaType, "pears.yaml", "          application/json:\n            schema: {$ref: '#/components/schemas/PearPlant'}", "          application/json:\n            schema: {$ref: '#/components/schemas/PearPlant'}\n          text/plain: #!\n            schema: {type: string}"),
    (Rule::MediaType, "figs.yaml", "content:\n            application/json:\n              schema: {$ref: '#/components/schemas/Figs'}\n              example: {count: 3}", "content: {}"),
    (Rule::SuccessAnswer, "figs.yaml", "        '2XX':", "        '200':"),
    (Rule::SuccessAnswer, "figs.yaml", "        '2XX':", "        '204': {description: None.}\n        '2XX':"),
    (Rule::SuccessAnswer, "figs.yaml", "      responses:\n        '2XX':", "      responses: #!\n        '3XX':"),
    (Rule::ErrorAnswer, "figs.yaml", "        '2XX':", "        default: {description: Error.}\n        '2XX':"),
    (Rule::ErrorAnswer, "figs.yaml", "        '2XX':", "        '404': {description: Error.}\n        '2XX':"),
    (Rule::MissingExample, "figs.yaml", "            application/json:\n              schema: {$ref: '#/components/schemas/Figs'}\n              example: {count: 3}", "            application/json: #!\n              schema: {$ref: '#/components/schemas/Figs'}"),
    (Rule::BadExample, "figs.yaml", "example: {count: 3}", "example: {count: three}"),
    (Rule::BadExample, "pears.yaml", "weight: 0.23", "weight: []"),
    (Rule::BadExample, "common.yaml", "example: p1", "example: 1"),
    (Rule::BadExample, "figs.yaml", "count: {type: integer,", "count: {type: integer, example: three,"),
    (Rule::Idempotent, "pears.yaml", "    post:\n      operationId: pear_plant\n      tags: [pears]\n      summary: Plant a pear\n      description: Plants a pear.\n      x-sbg-idempotent: false", "    post: #!\n      operationId: pear_plant\n      tags: [pears]\n      summary: Plant a pear\n      description: Plants a pear."),
    (Rule::Idempotent, "figs.yaml", "      responses:", "      x-sbg-idempotent: true\n      responses:"),
    (Rule::Pagination, "pears.yaml", "    get:\n      operationId: pear_list\n      tags: [pears]\n      summary: List pears\n      description: Lists pears.\n      x-sbg-pagination: offset", "    get: #!\n      operationId: pear_list\n      tags: [pears]\n      summary: List pears\n      description: Lists pears."),
    (Rule::Pagination, "figs.yaml", "      responses:", "      x-sbg-pagination: offset\n      responses:"),

    (Rule::InlineSchema, "figs.yaml", "schema: {$ref: '#/components/schemas/Figs'}", "schema: {type: object, properties: {}}"),
    (Rule::InlineSchema, "pears.yaml", "schema: {$ref: '#/components/schemas/PearPlant'}", "schema: {type: string}"),
    (Rule::InlineSchema, "pears.yaml", "notes: {type: object, additionalProperties: {},", "notes: {type: object, properties: {},"),
    (Rule::InlineSchema, "pears.yaml", "items: {$ref: '#/components/schemas/Pear'}", "items: {type: object, properties: {}}"),
    (Rule::InlineSchema, "pears.yaml", "name: {type: string, minLength: 1, pattern: '^[a-z]+$',", "name: {oneOf: [{type: string}, {type: number}],"),
    (Rule::BareRef, "pears.yaml", "kind: {description: Kind., allOf: [{$ref: '#/components/schemas/PearKind'}]}", "kind: {$ref: '#/components/schemas/PearKind'}"),
    (Rule::AllOf, "pears.yaml", "allOf: [{$ref: '#/components/schemas/PearKind'}]", "allOf: [{$ref: '#/components/schemas/PearKind'}, {type: string}]"),
    (Rule::OneOf, "common.yaml", "        - {type: number}", "        - {type: object, additionalProperties: {}}"),
    (Rule::OneOf, "common.yaml", "      oneOf:", "      nullable: true\n      oneOf:"),
    (Rule::OneOf, "common.yaml", "      oneOf:\n        - {type: number}\n", "      oneOf:\n"),
    (Rule::AdditionalProperties, "pears.yaml", "additionalProperties: {}", "additionalProperties: true"),
    (Rule::AdditionalProperties, "pears.yaml", "notes: {type: object, additionalProperties: {},", "notes: {type: object,"),
    (Rule::UnsupportedType, "pears.yaml", "id: {type: string,", "id: {type: text,"),
    (Rule::UnsupportedType, "pears.yaml", "minLength: 1", "minimum: 1"),
    (Rule::UnsupportedType, "pears.yaml", "kind: {description: Kind.,", "kind: {type: string, description: Kind.,"),
    (Rule::UnsupportedType, "pears.yaml", "soil: {type: object, nullable: true,", "soil: {nullable: true,"),
    (Rule::UnsupportedFormat, "figs.yaml", "count: {type: integer, format: int64,", "count: {type: integer,"),
    (Rule::UnsupportedFormat, "pears.yaml", "format: date-time", "format: date"),
    (Rule::UnsupportedFormat, "pears.yaml", "format: date-time", "format: byte"),
    (Rule::RequiredProperty, "pears.yaml", "required: [name]", "required: [nam]"),
    (Rule::RequiredProperty, "pears.yaml", "required: [name]", "required: [name, name]"),

    (Rule::TwoSides, "pears.yaml", "    Soil:", "        soil: {description: Soil., allOf: [{$ref: '#/components/schemas/Soil'}]}\n    Soil: #!"),
    (Rule::ClosedEnum, "pears.yaml", "      x-extensible-enum: [GREEN, YELLOW]", "      enum: [GREEN, YELLOW]"),
    (Rule::OpenEnumInRequest, "pears.yaml", "      enum: [GREEN, YELLOW]", "      x-extensible-enum: [GREEN, YELLOW]"),
    (Rule::DefaultInRequest, "pears.yaml", "depth: {type: integer,", "depth: {type: integer, default: 5,"),
    (Rule::ExtraInRequest, "pears.yaml", "      description: Soil to plant in.", "      additionalProperties: {}\n      description: Soil to plant in."),

    (Rule::NonAscii, "figs.yaml", "description: Lists figs.", "description: Lists f\u{ed}gs."),
    (Rule::CodeSpan, "figs.yaml", "description: Lists figs.", "description: Lists `figs."),
    (Rule::BareUrl, "figs.yaml", "description: Lists figs.", "description: See https://figs.example."),
    (Rule::AngleBrackets, "figs.yaml", "description: Lists figs.", "description: Lists <figs>."),
    (Rule::SquareBrackets, "figs.yaml", "description: Lists figs.", "description: Lists [figs]."),
    (Rule::IndentedBlock, "figs.yaml", "description: Lists figs.", "description: |\n        Lists figs.\n\n            in order"),
];

#[test]
fn the_good_specification_has_no_findings() {
    assert_eq!(findings(&[]), []);
}

#[test]
fn each_rule_finds_its_breach_in_its_line() {
    let mut missed = Vec::new();
    for (rule, file, old, new) in BAD {
        let found = findings(&[(file, old, new)]);
        let (shown, line) = (format!("openapi/{file}"), line_of(file, old, new));
        let is_it = |f: &Finding| f.rule == *rule && *f.place.file == *shown && f.place.line == line;
        if !found.iter().any(is_it) {
            missed.push(format!("{rule} in {shown}:{line} by {new:?}:\n{}", Findings(found)));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn every_rule_has_a_bad_document_and_a_name_of_its_own() {
    let tried: BTreeSet<Rule> = BAD.iter().map(|(rule, ..)| *rule).collect();
    let untried: Vec<_> = Rule::ALL.iter().filter(|rule| !tried.contains(rule) && **rule != Rule::UnreadableFile).collect();
    assert!(untried.is_empty(), "{untried:?}");
    let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let found = Spec::read(Path::new("/nowhere")).unwrap_err();
    assert_eq!((found.0[0].rule, &*found.0[0].place.file), (Rule::UnreadableFile, "openapi/sbg.yaml"));
}

#[test]
fn findings_come_in_the_order_of_files_and_lines() {
    let found = findings(&[
        ("pears.yaml", "summary: Plant a pear", "summary: Plant a pear."),
        ("pears.yaml", "summary: List pears", "summary: List pears."),
        ("figs.yaml", "summary: List figs", "summary: List figs."),
    ]);
    let shown: Vec<String> = found.iter().map(|finding| finding.place.to_string()).collect();
    assert_eq!(shown, ["openapi/figs.yaml:7", "openapi/pears.yaml:7", "openapi/pears.yaml:37"]);
}

/// Whatever a file says, the answer is findings: every value of the good specification is put in the place of every other kind.
#[test]
fn no_document_makes_the_lint_panic() {
    for (file, text) in &FILES[..4] {
        for (index, line) in text.lines().enumerate() {
            let Some((key, _)) = line.split_once(": ").or_else(|| line.strip_suffix(':').map(|key| (key, ""))) else { continue };
            for odd in ["null", "5", "[5, {}]", "{odd: {odd: odd}}", "{$ref: 7}"] {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines[index] = format!("{key}: {odd}");
                // What stood below a key goes with its value.
                let indent = line.len() - line.trim_start().len();
                let below = lines[index + 1..].iter().take_while(|l| l.len() - l.trim_start().len() > indent).count();
                lines.drain(index + 1..=index + below);
                findings(&[(file, "", &lines.join("\n"))]);
            }
        }
    }
}

#[test]
fn the_specification_has_no_findings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let spec = Spec::read(&root.join("openapi")).unwrap_or_else(|findings| panic!("{findings}"));
    check(&spec).unwrap_or_else(|findings| panic!("{findings}"));
    assert_eq!(spec.listed.len(), 166, "operations.tsv lists every operation of the API");
    assert_eq!(spec.operations().count(), spec.listed.len());
}
