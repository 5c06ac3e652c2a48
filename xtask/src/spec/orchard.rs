//! A small valid specification for tests: an orchard.

use std::path::Path;

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
        - name: weight
          in: query
          description: Weight of the pears.
          schema: {$ref: '#/components/schemas/PearWeight'}
        - name: marks
          in: query
          description: Marks of the pears.
          schema: {$ref: '#/components/schemas/PearMarks'}
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
    PearWeight:
      description: Weight of pears to list.
      oneOf:
        - {type: number}
        - {type: string} # or `any`
    PearMarks:
      type: object
      description: Marks, each a parameter of its own.
      additionalProperties: {type: string}
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

/// Name and content of every file of it.
pub const FILES: [(&str, &str); 6] = [
    ("sbg.yaml", ROOT),
    ("common.yaml", COMMON),
    ("pears.yaml", PEARS),
    ("figs.yaml", FIGS),
    ("operations.tsv", OPERATIONS),
    ("error-codes.tsv", CODES),
];

/// Writes the files into the folder `dir`.
pub fn plant(dir: &Path) {
    for (file, text) in FILES {
        std::fs::write(dir.join(file), text).unwrap();
    }
}
