import { ActionIcon, Checkbox, Menu, Tooltip } from "@mantine/core";
import { Columns3, Download, Rows3, Rows4 } from "lucide-react";
import type { ReactNode } from "react";

import { toCsv, type Column, type Density } from "./column.ts";

interface Props<R> {
  readonly columns: readonly Column<R>[];
  readonly chosen: readonly string[];
  readonly onChoose: (ids: readonly string[]) => void;
  readonly density: Density;
  readonly onDensity: (density: Density) => void;
  readonly rows: readonly R[];
  readonly fileName: string;
}

/** Which columns, how dense, and the rows as a file. */
export function TableTools<R>({ columns, chosen, onChoose, density, onDensity, rows, fileName }: Props<R>): ReactNode {
  const toggle = (id: string): void =>
    onChoose(
      chosen.includes(id)
        ? chosen.filter((one) => one !== id)
        : columns.map((column) => column.id).filter((one) => one === id || chosen.includes(one)),
    );
  return (
    <div style={{ marginLeft: "auto", display: "flex", gap: 4 }}>
      <Menu closeOnItemClick={false} position="bottom-end" shadow="md">
        <Menu.Target>
          <Tooltip label="Columns">
            <ActionIcon variant="default" size={34} aria-label="Choose columns">
              <Columns3 size={16} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {columns.map(({ id, header }, index) => (
            <Menu.Item
              key={id}
              disabled={index === 0}
              onClick={() => toggle(id)}
              leftSection={<Checkbox.Indicator size="xs" checked={chosen.includes(id)} />}
              aria-checked={chosen.includes(id)}
              role="menuitemcheckbox"
            >
              {header}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Tooltip label={density === "cosy" ? "More rows" : "More room"}>
        <ActionIcon
          variant="default"
          size={34}
          aria-label={density === "cosy" ? "Compact rows" : "Roomy rows"}
          onClick={() => onDensity(density === "cosy" ? "compact" : "cosy")}
        >
          {density === "cosy" ? <Rows4 size={16} /> : <Rows3 size={16} />}
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Download as CSV">
        <ActionIcon
          variant="default"
          size={34}
          aria-label="Download as CSV"
          onClick={() => download(`${fileName}.csv`, toCsv(rows, columns))}
        >
          <Download size={16} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
