// The alternatives of a oneOf without a discriminator are told apart by their JSON types; one that is
// nullable only adds null.

export default function unions(document) {
  const results = [];
  const types = (schema) => {
    const name = schema?.$ref?.split("/").at(-1);
    const meant = name ? document.components.schemas[name] : schema;
    return meant?.oneOf?.flatMap(types) ?? [meant?.type ?? "any"].flat();
  };
  const visit = (value, path) => {
    if (value === null || typeof value !== "object") return;
    if (Array.isArray(value.oneOf) && !value.discriminator) {
      const all = value.oneOf.flatMap(types);
      const nullable = value.oneOf.length === 2 && all.includes("null");
      if (!nullable && (all.includes("any") || new Set(all).size < all.length)) {
        results.push({ message: "its alternatives can't be told apart", path });
      }
    }
    for (const [name, inner] of Object.entries(value)) visit(inner, [...path, name]);
  };
  visit(document?.components?.schemas, ["components", "schemas"]);
  return results;
}
