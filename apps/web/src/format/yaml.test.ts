import { describe, expect, it } from "vitest";

import { parseYaml } from "./parse-yaml.ts";
import { toYaml } from "./yaml.ts";

describe("toYaml", () => {
  it("writes a descriptor as one would", () => {
    expect(
      toYaml({
        kind: "Component",
        metadata: { name: "cart", tags: ["node", "http"], links: [{ url: "https://a.b", title: "A" }] },
        spec: {},
      }),
    ).toBe(
      "kind: Component\nmetadata:\n  name: cart\n  tags:\n  - node\n  - http\n  links:\n  - url: https://a.b\n    title: A\nspec: {}\n",
    );
  });
  it("quotes what would be read as something else", () => {
    expect(toYaml({ a: "true", b: "1.0", c: "x: y", d: "", e: "- x", f: 3 })).toBe(
      'a: "true"\nb: "1.0"\nc: "x: y"\nd: ""\ne: "- x"\nf: 3\n',
    );
  });
  it("keeps the lines of a text", () => expect(toYaml({ d: "a\n  b\n" })).toBe("d: |\n  a\n    b\n"));
});

describe("parseYaml", () => {
  it("reads an API definition", () => {
    const text = `openapi: 3.1.0
info:
  title: Cart   # ours
  version: "1.0"
paths:
  /carts/{id}:
    get:
      summary: Read
      parameters:
        - name: id
          in: path
          required: true
          schema: { type: string, enum: [a, "b,c"] }
      responses:
        "200": { description: Done }
        '404':
          description: >-
            Not
            there
  /x: {}
`;
    expect(parseYaml(text)).toEqual({
      openapi: "3.1.0",
      info: { title: "Cart", version: "1.0" },
      paths: {
        "/carts/{id}": {
          get: {
            summary: "Read",
            parameters: [{ name: "id", in: "path", required: true, schema: { type: "string", enum: ["a", "b,c"] } }],
            responses: { "200": { description: "Done" }, "404": { description: "Not there" } },
          },
        },
        "/x": {},
      },
    });
  });
  it("reads what toYaml writes", () => {
    const value = { a: [{ b: 1, c: ["x", "y: z"] }, { d: "two\nlines\n" }], e: { f: null, g: false, "h i": "#no" }, url: "http://x:80/y" };
    expect(parseYaml(toYaml(value))).toEqual(value);
  });
  it("reads JSON", () => expect(parseYaml('{"openapi":"3.0.0"}')).toEqual({ openapi: "3.0.0" }));
  it("is not tricked into a prototype", () => {
    parseYaml("__proto__:\n  polluted: true\n");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
  it("says where it does not understand", () => expect(() => parseYaml("a: 1\nb: &x 2\n")).toThrow(/line 2/));
});
