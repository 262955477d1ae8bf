import type { JsonSchema } from "@roadbed/core";

/** Words that mean the same in every operation. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  ref: "component:default/orders",
  entityRef: "component:default/orders",
  service: "orders",
  environment: "dev",
  username: "ada",
  displayName: "Ada",
  path: "node-service",
  values: { name: "orders", owner: "group:default/team-a" },
  q: "orders",
  filter: "kind=component,spec.owner=team-a",
  facets: ["kind", "spec.type"],
  target: "https://git.example.org/platform/catalog.git",
  yaml: "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: orders\nspec:\n  type: service\n  lifecycle: production\n  owner: team-a\n",
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  title: "Orders answer slowly",
};

/** An example value for a field where one is cheap: by its name, its enum or its default. */
export function exampleOf(name: string, schema: JsonSchema): unknown {
  if (name in BY_NAME) return BY_NAME[name];
  if (schema["default"] !== undefined) return schema["default"];
  return Array.isArray(schema["enum"]) ? (schema["enum"][0] as unknown) : undefined;
}
