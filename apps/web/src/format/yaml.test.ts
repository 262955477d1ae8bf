import { describe, expect, it } from "vitest";

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
