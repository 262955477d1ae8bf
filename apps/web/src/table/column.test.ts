import { describe, expect, it } from "vitest";

import { leastWidth, nextSort, sortRows, toCsv, type Column } from "./column.ts";

interface Row {
  readonly name: string;
  readonly rate: number | undefined;
}
const columns: readonly Column<Row>[] = [
  { id: "name", header: "Name", cell: ({ name }) => name, value: ({ name }) => name },
  { id: "rate", header: "Rate", cell: ({ rate }) => rate, value: ({ rate }) => rate },
  { id: "act", header: "", cell: () => "x" },
];
const rows: readonly Row[] = [
  { name: "b", rate: 10 },
  { name: "a", rate: undefined },
  { name: "c", rate: 9 },
];
const names = (sort: string): string[] => sortRows(rows, columns, sort).map(({ name }) => name);

describe("sortRows", () => {
  it("sorts numbers as numbers", () => expect(names("rate")).toEqual(["c", "b", "a"]));
  it("keeps rows without a value last, also downwards", () => expect(names("-rate")).toEqual(["b", "c", "a"]));
  it("leaves the order alone for a column it does not know", () => expect(names("nope")).toEqual(["b", "a", "c"]));
});

describe("nextSort", () => {
  it("turns a second click downwards and a third upwards again", () => {
    expect(nextSort("name", undefined)).toBe("name");
    expect(nextSort("name", "name")).toBe("-name");
    expect(nextSort("name", "-name")).toBe("name");
  });
});

describe("toCsv", () => {
  it("leaves out columns without a value and quotes what needs it", () => {
    expect(toCsv([{ name: 'say "hi", twice', rate: 1.5 }], columns)).toBe('Name,Rate\r\n"say ""hi"", twice",1.5\r\n');
  });
  it("never yields a formula", () => expect(toCsv([{ name: "=1+1", rate: -2 }], columns)).toBe("Name,Rate\r\n'=1+1,-2\r\n"));
});

it("a table is at least as wide as its columns with widths, and leaves the others room", () => {
  expect(leastWidth([{ width: "120px" }, {}, { width: "20%" }])).toBe(360);
});
