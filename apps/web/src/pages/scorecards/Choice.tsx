import { Select } from "@mantine/core";
import type { ReactNode } from "react";

/** Choices of a select, with one for all. */
export function Choice({
  label,
  all,
  of,
  value,
  onChange,
  width = 200,
}: {
  readonly label: string;
  readonly all: string;
  readonly of: readonly { readonly value: string; readonly label: string }[];
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  readonly width?: number;
}): ReactNode {
  return (
    <Select
      size="xs"
      w={width}
      aria-label={label}
      allowDeselect={false}
      data={[{ value: "*", label: all }, ...of]}
      value={value ?? "*"}
      onChange={(next) => onChange(next === null || next === "*" ? undefined : next)}
    />
  );
}
