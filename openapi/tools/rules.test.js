// Plants one breach of each rule of spectral.yaml in a copy of the contract, and sees it found: a
// rule whose filter matches nothing would otherwise pass for ever.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const spectral = join(here, "node_modules/.bin/spectral");
const ruleset = join(here, "../spectral.yaml");
const contract = readFileSync(join(here, "../openapi.json"), "utf8");
const rules = [...readFileSync(ruleset, "utf8").matchAll(/^ {2}([a-z-]+):\n {4}description/gm)].map(
  (match) => match[1],
);

const LIST = "/api/v1/customers";
const ONE = "/api/v1/customers/{customer_id}";
const HEALTH = "/livez";

/** The paths in which breaches are planted, with the components that they lead to: each copy is linted. */
const excerpt = (() => {
  const document = JSON.parse(contract);
  const paths = Object.fromEntries([LIST, ONE, HEALTH].map((path) => [path, document.paths[path]]));
  const components = { securitySchemes: document.components.securitySchemes };
  const open = [paths];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node?.$ref === "string") {
      const [, , section, name] = node.$ref.split("/");
      if (components[section]?.[name] === undefined) {
        components[section] = { ...components[section], [name]: document.components[section][name] };
        open.push(components[section][name]);
      }
    }
    if (typeof node === "object" && node !== null) open.push(...Object.values(node));
  }
  delete document.webhooks;
  return JSON.stringify({ ...document, paths, components });
})();
const without = (operation, name) => {
  operation.parameters = operation.parameters.filter(
    (parameter) => parameter.name !== name && parameter.$ref !== `#/components/parameters/${name}`,
  );
};
const parameter = (operation, name) => operation.parameters.find((p) => p.name === name);

/** By rule: what breaks it. */
const breaches = {
  "operation-id": [
    ({ list }) => (list.operationId = "list_customers"),
    ({ list }) => delete list.operationId,
  ],
  "one-tag": [({ list }) => list.tags.push("system"), ({ list }) => delete list.tags],
  "paths-kebab-case": [
    ({ paths }) => (paths["/api/v1/follow_ups"] = paths[LIST]),
    ({ paths }) => (paths["/api/v1/customers/"] = paths[LIST]),
  ],
  "properties-snake-case": [({ schemas }) => (schemas.Customer.properties.birthDate = { type: "string" })],
  "parameters-snake-case": [({ list }) => (parameter(list, "campus_id").name = "campusId")],
  "schemas-pascal-case": [({ schemas }) => (schemas.Page_Customer = schemas.CustomerPage)],
  "errors-shared": [
    ({ list }) => (list.responses["422"].$ref = "#/components/schemas/Problem"),
    ({ list }) => (list.responses["422"] = { description: "No." }),
  ],
  "errors-are-problems": [
    ({ responses }) => (responses.Conflict.content = { "application/json": {} }),
    ({ responses }) => delete responses.Conflict.content,
    ({ responses }) =>
      (responses.Conflict.content["application/problem+json"].schema.$ref = "#/components/schemas/Customer"),
  ],
  "problem-codes": [
    ({ list }) => delete list["x-problem-codes"],
    ({ list }) => (list["x-problem-codes"] = ["not_found"]),
    ({ list }) => (list["x-problem-codes"]["422"] = []),
    ({ list }) => (list["x-problem-codes"]["200"] = ["not_found"]),
  ],
  "operations-described": [({ list }) => delete list.summary, ({ list }) => delete list.description],
  "parameters-described": [
    ({ list }) => delete parameter(list, "campus_id").description,
    ({ parameters }) => delete parameters.IfMatch.description,
  ],
  "properties-described": [({ schemas }) => delete schemas.Customer.properties.holder_id.description],
  "schemas-described": [({ schemas }) => delete schemas.Customer.description],
  "access-said": [({ list }) => delete list.security],
  "permission-said": [
    ({ list }) => delete list["x-required-permission"],
    ({ list }) => (list["x-required-permission"] = "read customers"),
  ],
  "create-idempotent": [
    ({ create }) => without(create, "IdempotencyKey"),
    ({ parameters }) => (parameters.IdempotencyKey.required = false),
  ],
  "change-conditional": [
    ({ change }) => without(change, "IfMatch"),
    ({ remove }) => without(remove, "IfMatch"),
  ],
  "patch-merges": [({ change }) => delete change.requestBody.content["application/merge-patch+json"]],
  "created-is-located": [({ create }) => delete create.responses["201"].headers.Location],
  "request-strings-bounded": [
    ({ schemas }) => delete schemas.CreateCustomer.properties.name.maxLength,
    ({ schemas }) => delete schemas.ChangeCustomer.properties.note.maxLength,
    ({ schemas }) =>
      (schemas.CreateCustomer.properties.aliases = { type: "array", items: { type: "string" } }),
    ({ list }) => delete parameter(list, "cursor").schema.maxLength,
    ({ list }) => delete parameter(list, "campus_id").schema.items.format,
    ({ parameters }) => delete parameters.AcceptLanguage.schema.maxLength,
  ],
  "request-objects-closed": [
    ({ schemas }) => delete schemas.CreateCustomer.additionalProperties,
    ({ schemas }) =>
      (schemas.CreateCustomer.properties.school = {
        type: "object",
        properties: { grade: { type: "integer" } },
      }),
  ],
  "lists-paged": [({ list }) => without(list, "limit"), ({ list }) => without(list, "cursor")],
  "pages-regular": [
    ({ schemas }) => delete schemas.CustomerPage.properties.next_cursor,
    ({ schemas }) => schemas.CustomerPage.required.shift(),
    ({ schemas }) => (schemas.CustomerPage.properties.items.items = schemas.Customer),
  ],
  "answers-are-objects": [
    ({ list }) =>
      (list.responses["200"].content["application/json"].schema = {
        type: "array",
        items: { $ref: "#/components/schemas/Customer" },
      }),
  ],
  "array-parameters-by-comma": [
    ({ list }) => delete parameter(list, "campus_id").explode,
    ({ list }) => (parameter(list, "campus_id").explode = true),
    ({ list }) => (parameter(list, "campus_id").style = "pipeDelimited"),
  ],
  "array-parameters-bounded": [({ list }) => delete parameter(list, "campus_id").schema.maxItems],
  "parameters-never-null": [
    ({ list }) => (parameter(list, "cursor").schema.type = ["string", "null"]),
    ({ list }) =>
      (parameter(list, "sort").schema = { oneOf: [parameter(list, "sort").schema, { type: "null" }] }),
  ],
  "enums-named": [
    ({ schemas }) => (schemas.Health.properties.status.enum = ["ok", "draining"]),
    ({ list }) => (parameter(list, "cursor").schema.enum = ["a", "b"]),
  ],
  "enums-snake-case": [({ schemas }) => schemas.CustomerKind.enum.push("PreSchool")],
  "objects-described": [
    ({ schemas }) => (schemas.Customer.properties.custom = { type: "object" }),
    ({ schemas }) => (schemas.Params.additionalProperties = true),
    ({ schemas }) => (schemas.Params.additionalProperties = {}),
  ],
  "schemas-typed": [
    ({ schemas }) => (schemas.Customer.properties.custom = { description: "Anything." }),
    ({ schemas }) => (schemas.Anything = {}),
    ({ schemas }) => (schemas.CustomerPage.properties.items.items = {}),
  ],
  "unions-discriminated": [
    ({ schemas }) =>
      (schemas.Party = {
        oneOf: [{ $ref: "#/components/schemas/Customer" }, { $ref: "#/components/schemas/Health" }],
      }),
  ],
  "defaults-not-null": [({ schemas }) => (schemas.ChangeCustomer.properties.note.default = null)],
  "amounts-safe": [
    ({ schemas }) => (schemas.Customer.properties.amount_minor = { type: "integer", format: "int64" }),
  ],
};

let folder;
let found;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "educrm-rules-"));
  for (const [rule, plants] of Object.entries(breaches)) {
    plants.forEach((plant, index) => {
      const document = JSON.parse(excerpt);
      plant({
        ...document.components,
        paths: document.paths,
        list: document.paths[LIST].get,
        create: document.paths[LIST].post,
        change: document.paths[ONE].patch,
        remove: document.paths[ONE].delete,
      });
      writeFileSync(join(folder, `${rule}.${index}.json`), JSON.stringify(document));
    });
  }
  const run = spawnSync(
    spectral,
    ["lint", "--quiet", "--format=json", `--ruleset=${ruleset}`, join(folder, "*.json")],
    { encoding: "utf8", maxBuffer: 1 << 26 },
  );
  assert.equal(run.status, 1, run.stderr);
  found = JSON.parse(run.stdout);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("every rule has a breach", () => {
  assert.deepEqual(Object.keys(breaches).sort(), [...rules].sort());
});

for (const [rule, plants] of Object.entries(breaches)) {
  plants.forEach((plant, index) => {
    test(`${rule} sees ${plant.toString().replace(/^\(.*?\) =>\s*/s, "").replace(/\s+/g, " ")}`, () => {
      const hits = found.filter(
        (hit) => hit.code === rule && hit.source.endsWith(`/${rule}.${index}.json`),
      );
      assert.notEqual(hits.length, 0);
    });
  });
}
