import { expect, it } from "vitest";

import type { Column } from "../../table/column.ts";
import { fitColumns } from "./fit-columns.ts";

const columns: readonly Column<string>[] = [
  { id: "name", header: "Name", width: "22%", cell: (row) => row },
  { id: "state", header: "State", width: "120px", cell: (row) => row },
  { id: "detail", header: "Detail", cell: (row) => row },
];

it("keeps the columns' own order, and lets those measured in shares grow", () => {
  expect(fitColumns(columns, { shown: ["state", "name"], shares: true }).map(({ id, width }) => [id, width])).toEqual([
    ["name", undefined],
    ["state", "120px"],
  ]);
});
it("changes nothing where there is room", () => expect(fitColumns(columns, { shown: undefined, shares: false })).toEqual(columns));
