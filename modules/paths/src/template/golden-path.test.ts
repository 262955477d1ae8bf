import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { compareVersions, promisesOf, PromisesSpec } from "./golden-path.ts";

describe("versions", () => {
  test("are in the order of semver", () => {
    const inOrder = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0",
      "1.2.0",
      "1.10.0",
      "2.0.0",
    ];
    expect([...inOrder].reverse().sort(compareVersions)).toEqual(inOrder);
    expect(compareVersions(undefined, "0.0.1")).toBeLessThan(0);
    expect(compareVersions(undefined, undefined)).toBe(0);
  });

  test("the order has no circles and does not depend on the side", () => {
    const pre = fc.array(fc.oneof(fc.nat(20).map(String), fc.constantFrom("a", "b", "rc")), { maxLength: 3 });
    const version = fc
      .tuple(fc.nat(3), fc.nat(3), fc.nat(3), pre)
      .map(([a, b, c, p]) => `${a}.${b}.${c}${p.length === 0 ? "" : `-${p.join(".")}`}`);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe("what a path promises", () => {
  test("is read off the spec, else off annotations", () => {
    const spec = PromisesSpec.parse({
      changelog: [
        { version: "1.0.0", changes: ["a"] },
        { version: "1.1.0", date: "2027-01-31", changes: [] },
      ],
    });
    const annotations = { "roadbed.dev/version": "1.1.0", "roadbed.dev/managed": "k8s/**, Dockerfile !k8s/local.yaml" };
    expect(promisesOf("x", spec, annotations)).toMatchObject({
      version: "1.1.0",
      managed: ["k8s/**", "Dockerfile", "!k8s/local.yaml"],
      changelog: [{ version: "1.1.0" }, { version: "1.0.0" }],
    });
    expect(promisesOf("x", PromisesSpec.parse({}), undefined)).toMatchObject({ version: undefined, managed: ["**"] });
  });

  test("a version that is none is refused in words", () => {
    expect(() => promisesOf("x", {}, { "roadbed.dev/version": "one" })).toThrow(/which is no version/);
    expect(PromisesSpec.safeParse({ version: "1.0" }).success).toBe(false);
    expect(PromisesSpec.safeParse({ deprecation: { from: "soon" } }).success).toBe(false);
  });
});
