// An operation that answers a schema named *Page takes `limit` and `cursor`: as parameters of the
// query, or, where it is a search, as fields of its body.

const METHODS = ["get", "post"];

export default function lists(document) {
  const results = [];
  const resolve = (value) => {
    const name = value?.$ref;
    if (typeof name !== "string" || !name.startsWith("#/")) return value;
    return name
      .slice(2)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce((at, part) => at?.[part], document);
  };
  for (const [path, item] of Object.entries(document?.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item?.[method];
      const answer = operation?.responses?.["200"]?.content?.["application/json"]?.schema?.$ref;
      if (typeof answer !== "string" || !answer.endsWith("Page")) continue;
      const named = (operation.parameters ?? [])
        .map(resolve)
        .filter((parameter) => parameter?.in === "query")
        .map((parameter) => parameter.name);
      const body = resolve(operation.requestBody)?.content?.["application/json"]?.schema;
      const taken = new Set([...named, ...Object.keys(resolve(body)?.properties ?? {})]);
      for (const name of ["limit", "cursor"]) {
        if (!taken.has(name)) {
          results.push({ message: `it takes no ${name}`, path: ["paths", path, method] });
        }
      }
    }
  }
  return results;
}
