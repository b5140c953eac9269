// What a client looks like that is written against the published contract. Compiled by
// openapi/check with the types that openapi-typescript makes of it; never run.

import createClient from "openapi-fetch";

import type { components, operations, paths } from "./schema.d.ts";

type Customer = components["schemas"]["Customer"];
type CustomerQuery = NonNullable<operations["listCustomers"]["parameters"]["query"]>;
type Problem = components["schemas"]["Problem"];

/** A refusal, by the stable code of its problem. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

export function connect(baseUrl: string, token: string) {
  return createClient<paths>({
    baseUrl,
    headers: { Authorization: `Bearer ${token}`, "Accept-Language": "en" },
    querySerializer: { array: { style: "form", explode: false } },
  });
}

type Client = ReturnType<typeof connect>;

/** Every student and guardian who is still a lead, page by page. */
export async function* leads(client: Client): AsyncGenerator<Customer> {
  const query: CustomerQuery = {
    kind: ["student", "guardian"],
    stage: ["lead"],
    sort: "-created_at",
    limit: 100,
  };
  for (;;) {
    const { data, error } = await client.GET("/api/v1/customers", { params: { query } });
    if (error) throw new Refused(error);
    yield* data.items;
    if (data.next_cursor === null) return;
    query.cursor = data.next_cursor;
  }
}

/** Takes in a student. The key makes it safe to send the same again after a lost answer. */
export async function takeIn(client: Client, name: string, campus: string): Promise<[Customer, string]> {
  const { data, error, response } = await client.POST("/api/v1/customers", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { kind: "student", name, campus_id: campus, source_channel: "walk_in" },
  });
  if (error) throw new Refused(error);
  return [data, response.headers.get("ETag") ?? "*"];
}

/** Clears the note; reads again and repeats where someone else was faster. */
export async function clearNote(client: Client, id: string, etag: string): Promise<Customer | null> {
  const path = { customer_id: id };
  const { data, error } = await client.PATCH("/api/v1/customers/{customer_id}", {
    params: { path, header: { "If-Match": etag } },
    headers: { "Content-Type": "application/merge-patch+json" },
    body: { note: null },
  });
  if (data) return data;
  switch (error.code) {
    case "version_stale": {
      const { response, error } = await client.GET("/api/v1/customers/{customer_id}", { params: { path } });
      if (error) throw new Refused(error);
      return clearNote(client, id, response.headers.get("ETag") ?? "*");
    }
    case "not_found":
      return null;
    default:
      throw new Refused(error);
  }
}

/** The fields that a refused form has to mark, by JSON Pointer. */
export function fields(problem: Problem): Map<string, string> {
  return new Map(
    problem.errors.flatMap(({ pointer, detail }) => (pointer === null ? [] : [[pointer, detail] as const])),
  );
}
