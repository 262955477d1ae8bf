/** Values that help pages, the OpenAPI document and tests show for fields of the same name. */
export const EXAMPLES: Readonly<Record<string, unknown>> = {
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
  scopes: ["catalog:read"],
  target: "https://git.example.org/platform/catalog.git",
  yaml: "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: orders\nspec:\n  type: service\n  lifecycle: production\n  owner: team-a\n",
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  title: "Orders answer slowly",
};
