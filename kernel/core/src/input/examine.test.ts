import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { InvalidError } from "../errors.ts";
import { examine, parseInput } from "./examine.ts";

const Ref = z.string().regex(/^[a-z]+:\S+$/, "must look like kind:name, e.g. group:team");
const Pets = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("cat"), lives: z.number().int().max(9) }),
  z.strictObject({ kind: z.literal("dog"), tricks: z.array(z.string()) }),
]);

/** What is said of `value` where the field `it` has this schema: `at: reason | mend`. */
function told(schema: z.ZodType, value: unknown): string {
  const faults = examine(z.object({ it: schema }), value === undefined ? {} : { it: value }).faults ?? [];
  return faults.map(({ path, reason, mend }) => `${path.join(".")}: ${reason}${mend === undefined ? "" : ` | ${mend}`}`).join("\n");
}

describe("a missing field is said to be missing, with what to give", () => {
  it.each<[z.ZodType, string]>([
    [z.string(), "Give text."],
    [z.string().describe("The new owner."), "Give text: the new owner."],
    [z.string().describe("URL of the page"), "Give text: URL of the page."],
    [Ref, "Give text; it must look like kind:name, e.g. group:team."],
    [Ref.describe("A group or a person"), "Give text: a group or a person."],
    [z.number().int().min(1).max(9), "Give a whole number from 1 to 9."],
    [z.coerce.number().min(0), "Give a number of at least 0."],
    [z.number().int(), "Give a whole number."],
    [z.boolean(), "Give true or false."],
    [z.enum(["low", "high"]), "Give one of low, high."],
    [z.literal("yes"), 'Give "yes".'],
    [z.array(z.string()), "Give a list of texts."],
    [z.array(Ref), "Give a list of texts; each must look like kind:name, e.g. group:team."],
    [z.array(z.enum(["a", "b"])), "Give a list, each one of a, b."],
    [z.object({ a: z.string(), b: z.string().optional(), c: z.number() }), "Give an object with a and c."],
    [z.union([z.string(), z.array(z.string())]), "Give text or a list of texts."],
    [z.lazy(() => z.string()), "Give text."],
    [z.iso.datetime(), "Give a date and time, e.g. 2026-01-31T12:00:00Z."],
    [z.url(), "Give an address, e.g. https://example.com/path."],
    [z.email(), "Give an e-mail address, e.g. ada@example.com."],
  ])("%#", (schema, mend) => expect(told(schema, undefined)).toBe(`it: is missing | ${mend}`));

  it("also where a field tells alternatives apart", () => {
    expect(told(Pets, {})).toBe("it.kind: is missing | Give one of cat, dog.");
    expect(told(Pets, { kind: "cat" })).toBe("it.lives: is missing | Give a whole number of at most 9.");
  });
});

describe("a value that does not fit is told why, and what would", () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.string(), 7, "must be text, and is a number"],
    [z.string(), null, "must be text, and is null"],
    [z.string(), ["a"], "must be text, and is a list"],
    [z.boolean(), "yes", "must be true or false, and is text"],
    [z.stringbool(), "maybe", "must be true or false"],
    [z.array(z.string()), "a", "must be a list of texts, and is text"],
    [z.object({ a: z.string() }), "a", "must be an object with a, and is text"],
    [z.number().int().min(1).max(9), "many", "must be a whole number from 1 to 9"],
    [z.coerce.number().int().max(9), "many", "must be a whole number of at most 9"],
    [z.number().int(), 1.5, "must be a whole number, and has a fraction or is too large"],
    [z.number().min(1).max(9), 10, "must be at most 9 | Give a number from 1 to 9."],
    [z.number().positive(), 0, "must be more than 0 | Give a number above 0."],
    [z.number().positive().max(9), -3, "must be more than 0 | Give a number above 0 and of at most 9."],
    [z.number().multipleOf(5), 7, "must be a multiple of 5"],
    [z.string().min(1), "", "is empty | Give at least one character."],
    [z.string().min(12), "short", "must have at least 12 characters | Make it longer."],
    [z.string().max(3), "long", "must have at most 3 characters | Shorten it."],
    [z.string().length(2), "a", "must have exactly 2 characters"],
    [z.array(z.string()).min(1), [], "is empty | Give at least one entry."],
    [z.array(z.string()).max(1), ["a", "b"], "must have at most 1 entry | Give fewer."],
    [z.enum(["component", "system"]), "componnet", "must be one of component, system | Did you mean component?"],
    [z.enum(["component", "system"]), "banana", "must be one of component, system"],
    [z.literal("yes"), "no", 'must be "yes"'],
    [Ref, "team", "must look like kind:name, e.g. group:team"],
    [z.string().regex(/^\d+$/), "a", "must fit the pattern /^\\d+$/"],
    [
      z.string().regex(/^\d+$/).describe("Id of a run, e.g. 17"),
      "a",
      "must fit the pattern /^\\d+$/ | It is meant to be: id of a run, e.g. 17.",
    ],
    [z.string().startsWith("/"), "a", "must begin with /"],
    [z.iso.datetime(), "yesterday", "must be a date and time, e.g. 2026-01-31T12:00:00Z"],
    [z.iso.date(), "31.1.2026", "must be a date, e.g. 2026-01-31"],
    [z.url(), "example", "must be an address, e.g. https://example.com/path"],
    [z.string().refine(() => false, "leads out of the repository"), "a", "leads out of the repository"],
    [z.string().refine(() => false), "a", "does not fit"],
    [z.never(), 1, "may not be given | Leave it out."],
    [z.union([z.string(), z.array(z.string())]), 7, "must be text or a list of texts, and is a number"],
    [
      z.union([z.enum(["name", "owner"]), Ref]),
      "ownr",
      "must be one of name, owner; or must look like kind:name, e.g. group:team | Did you mean owner?",
    ],
    [Pets, { kind: "dgo" }, "KIND must be one of cat, dog | Did you mean dog?"],
  ])("%#", (schema, value, words) => {
    const at = words.startsWith("KIND ") ? "it.kind" : "it";
    expect(told(schema, value)).toBe(`${at}: ${words.replace("KIND ", "")}`);
  });

  it("says the first words of a very long list", () => {
    const many = z.enum(Array.from({ length: 60 }, (_, at) => `word${at}`) as [string, ...string[]]);
    expect(told(many, "x")).toMatch(/^it: must be one of word0, .*, word23 and 36 more$/);
  });

  it("names the place inside lists, objects and the alternative that was meant", () => {
    expect(told(z.array(z.object({ a: z.number() })), [{ a: 1 }, { a: "x" }])).toBe("it.1.a: must be a number");
    expect(told(z.record(z.string(), z.number()), { a: null })).toBe("it.a: must be a number, and is null");
    expect(told(z.record(z.string().regex(/^[A-Z]+$/, "must be in capitals"), z.number()), { ab: 1 })).toBe("it.ab: must be in capitals");
    expect(told(z.record(z.string().max(2), z.number()), { abc: 1 })).toBe(
      "it.abc: as a key, must have at most 2 characters | Shorten it.",
    );
    const either = z.union([z.string(), z.strictObject({ target: z.string(), type: z.enum(["url", "file"]) })]);
    expect(told(either, { target: "x", type: "ulr" })).toBe("it.type: must be one of url, file | Did you mean url?");
    expect(
      told(
        z.preprocess((value) => String(value).split(","), z.array(z.enum(["a", "b"]))),
        "a,c",
      ),
    ).toContain("it.1: must be one of a, b");
  });
});

describe("a field that nobody asked for", () => {
  const Owner = z.strictObject({ owner: z.string().optional(), "owner-kind": z.string().optional() });
  it("is named one by one, with the field that was probably meant", () => {
    expect(told(Owner, { onwer: "a", banana: 1 })).toBe(
      "it.onwer: is not a known field | Did you mean owner?\nit.banana: is not a known field | Remove it; the fields are owner, owner-kind.",
    );
  });
  it("is not taken for one that is given already", () => expect(told(Owner, { owner: "a", owners: "b" })).toMatch(/Remove it/));
  it("is looked for in the alternative that was named", () => {
    expect(told(Pets, { kind: "dog", tricks: [], trick: [] })).toContain("Remove it; the fields are kind, tricks.");
    expect(told(Pets, { kind: "cat", lives: 9, live: 1 })).toContain("the fields are kind, lives");
  });
});

it("alternatives of objects: the one whose fields were given, else the fields of all", () => {
  const Condition = z.union([
    z.strictObject({ $not: z.string() }),
    z.strictObject({ $in: z.array(z.string()) }),
    z.record(z.string().regex(/^[^$]/, "is no operator"), z.union([z.string(), z.strictObject({ $exists: z.boolean() })])),
  ]);
  expect(told(Condition, { $im: ["a"] })).toBe("it.$im: is no operator");
  expect(told(Condition, { $in: "a" })).toBe("it.$in: must be a list of texts, and is text");
  expect(told(Condition, { kind: { $exist: true } })).toBe("it.kind.$exist: is not a known field | Did you mean $exists?");
  const Way = z.union([z.strictObject({ file: z.string() }), z.strictObject({ url: z.string(), branch: z.string() })]);
  expect(told(Way, { url: "x" })).toBe("it.branch: is missing | Give text.");
  expect(told(Way, { ulr: "x" })).toBe("it.ulr: is not a known field | Did you mean url?");
});

it("a rule of our own is not told of what has a wrong form", () => {
  const When = z.iso.datetime().refine((text) => Date.parse(text) > 0, "must lie after 1970");
  expect(told(When, "yesterday")).toBe("it: must be a date and time, e.g. 2026-01-31T12:00:00Z");
  expect(told(When, "1960-01-01T00:00:00Z")).toBe("it: must lie after 1970");
});

it("an input as a whole has no path", () => {
  expect(() => parseInput(z.object({ a: z.string() }), "x")).toThrow(/^must be an object with a, and is text$/);
  expect(() => parseInput(z.object({ a: z.string(), b: z.number().max(3) }), { b: 4 })).toThrow(/^a: is missing; b: must be at most 3$/);
});

const Everything = z.strictObject({
  text: z.string().min(3).max(5),
  ref: Ref.optional(),
  count: z.number().int().min(1).max(9),
  flag: z.boolean(),
  word: z.enum(["low", "high"]),
  when: z.iso.datetime().optional(),
  list: z.array(z.union([z.number(), z.strictObject({ name: z.string() })])),
  map: z.record(z.string(), z.number()).optional(),
  pet: Pets.optional(),
});

it("whatever is given: it is taken, or each fault has words, a place in the input, and nothing of what was given", () => {
  const secret = "hunter2-äöü-secret";
  const leaf = fc.constantFrom<unknown>(
    secret,
    `${secret} twice`,
    null,
    1.5,
    3,
    true,
    "low",
    [],
    [secret],
    { name: secret },
    { kind: secret },
  );
  const input = fc.dictionary(
    fc.constantFrom(...Object.keys(Everything.shape), "txet", "x"),
    fc.oneof(leaf, fc.array(leaf), fc.object({ key: fc.constantFrom("kind", "name", "lives") })),
  );
  fc.assert(
    fc.property(input, (given) => {
      try {
        parseInput(Everything, given);
      } catch (error) {
        if (!(error instanceof InvalidError)) throw error;
        expect(error.problems.length).toBeGreaterThan(0);
        expect(`${error.message}${JSON.stringify(error.problems)}`).not.toContain(secret);
        for (const { at, reason, mend } of error.problems) {
          expect(reason).toMatch(/^[a-z]/);
          expect(`${reason} ${mend}`).not.toMatch(/Invalid input|expected|received|NaN|\[object|undefined:/);
          expect(at === "" || at.split(".")[0]! in Everything.shape || at.split(".")[0]! in given).toBe(true);
          if (mend !== undefined) expect(mend).toMatch(/[.?]$/);
        }
      }
    }),
    { numRuns: 200 },
  );
});
