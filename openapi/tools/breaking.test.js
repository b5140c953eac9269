// Sees that the comparison with the last release tells breaking changes from others: switched off
// by a mistake in redocly.yaml, it would let everything pass.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const contract = join(here, "../openapi.json");
const folder = mkdtempSync(join(tmpdir(), "educrm-breaking-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Exit status of the comparison of the contract with a changed copy. */
function compare(change) {
  const document = JSON.parse(readFileSync(contract, "utf8"));
  change(document.components.schemas, document.paths);
  const copy = join(folder, "changed.json");
  writeFileSync(copy, JSON.stringify(document));
  const redocly = join(here, "node_modules/.bin/redocly");
  const config = join(here, "../redocly.yaml");
  return spawnSync(redocly, ["diff", `--config=${config}`, "--fail-on=major", contract, copy]).status;
}

const breaking = {
  "an operation goes": (_, paths) => delete paths["/api/v1/customers/{customer_id}"].delete,
  "a field of an answer goes": (schemas) => delete schemas.Customer.properties.note,
  "a field must be given": (schemas) => schemas.CreateCustomer.required.push("note"),
  "a text may only be shorter": (schemas) => (schemas.CreateCustomer.properties.name.maxLength = 10),
  "a value is no longer accepted": (schemas) => schemas.CustomerKind.enum.pop(),
};
const compatible = {
  "a field of an answer comes": (schemas) => (schemas.Customer.properties.nickname = { type: "string" }),
  "a value comes": (schemas) => schemas.CustomerKind.enum.push("kindergarten"),
};

for (const [name, change] of Object.entries(breaking)) {
  test(`${name}: breaking`, () => assert.equal(compare(change), 1));
}
for (const [name, change] of Object.entries(compatible)) {
  test(`${name}: compatible`, () => assert.equal(compare(change), 0));
}
