import { Select, Textarea } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { ColumnMapping, previewUpload } from "@roadbed/contracts/catalog/imports";
import type { OutputOf } from "@roadbed/core";
import { formatCount, formatNumber } from "../../format/number.ts";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { ProblemTable } from "./ProblemTable.tsx";
import classes from "./sources.module.css";

type Preview = OutputOf<typeof previewUpload>;

interface Props {
  readonly preview: Preview;
  readonly stale: boolean;
  readonly onMapping: (mapping: ColumnMapping) => void;
}

const SHOWN = 100;
const NAMES: Readonly<Record<Preview["format"], string>> = {
  auto: "",
  descriptors: "Backstage descriptors",
  csv: "a table",
  port: "an export of Port",
  compass: "files of Compass",
  cortex: "files of Cortex",
  opslevel: "files of OpsLevel",
};

/** What an upload would bring, and what it would not. */
export function UploadPreview({ preview, stale, onMapping }: Props): ReactNode {
  const { format, entities, total, problems, notes, columns, mapping } = preview;
  return (
    <div role="status" className={classes.verdict} data-stale={stale}>
      <p>
        This is {NAMES[format]}:{" "}
        <StateBadge word={problems.length === 0 ? "ok" : "partial"} label={formatCount(total, "entity", "entities")} />
        {problems.length > 0 && `, ${formatCount(problems.length, "problem")}`}
      </p>
      {notes.map((note) => (
        <p key={note} className="rb-dim">
          {note}
        </p>
      ))}
      {columns.length > 0 && <Mapping columns={columns} mapping={mapping} onMapping={onMapping} />}
      {entities.length > 0 && <Rows entities={entities} total={total} />}
      {problems.length > 0 && <ProblemTable problems={problems} />}
    </div>
  );
}

const FIELDS: readonly (readonly [field: string, label: string])[] = [
  ["metadata.name", "Name"],
  ["spec.owner", "Owner"],
  ["spec.type", "Type"],
  ["spec.lifecycle", "Lifecycle"],
  ["spec.system", "System"],
  ["metadata.description", "Description"],
  ["metadata.tags", "Tags"],
  ["repository", "Repository"],
];

/** Which column fills which field; kinds are the same for all rows unless a column says them. */
function Mapping({
  columns,
  mapping,
  onMapping,
}: {
  readonly columns: Preview["columns"];
  readonly mapping: ColumnMapping;
  readonly onMapping: Props["onMapping"];
}): ReactNode {
  const choices = columns.map(({ name, example }) => ({ value: name, label: example === "" ? name : `${name} (${example.slice(0, 24)})` }));
  const set = (field: string, column: string | null): void => {
    const { [field]: _, ...rest } = mapping;
    onMapping(column === null ? rest : { ...rest, [field]: column });
  };
  const kinds = ["Component", "Resource", "API", "System", "Domain", "Group", "User"].map((kind) => ({
    value: `=${kind}`,
    label: `All are ${kind}`,
  }));
  return (
    <fieldset className={classes.columns}>
      <legend>Columns</legend>
      <Select
        label="Kind"
        size="xs"
        data={[...kinds, ...choices]}
        value={mapping["kind"] ?? null}
        onChange={(value) => set("kind", value)}
      />
      {FIELDS.map(([field, label]) => (
        <Select
          key={field}
          label={label}
          size="xs"
          data={isWorkedOut(mapping[field]) ? [{ value: mapping[field]!, label: "worked out" }, ...choices] : choices}
          value={mapping[field] ?? null}
          placeholder="none"
          clearable
          onChange={(value) => set(field, value)}
        />
      ))}
      <Expressions mapping={mapping} onMapping={onMapping} />
    </fieldset>
  );
}

const CEL = "cel:";

function isWorkedOut(column: string | undefined): boolean {
  return column?.startsWith(CEL) === true;
}

/** Fields that no column fills as it is: a line for each, with a CEL expression over the row. */
function Expressions({ mapping, onMapping }: Pick<Props, "onMapping"> & { readonly mapping: ColumnMapping }): ReactNode {
  const [text, setText] = useState(() => textOf(mapping));
  const take = (): void => {
    const kept = Object.entries(mapping).filter(([, column]) => !isWorkedOut(column));
    const given = text.split("\n").flatMap((line): [string, string][] => {
      const [, field, expression] = /^\s*([\w./-]+)\s*:\s*(\S.*)$/.exec(line) ?? [];
      return field === undefined || expression === undefined ? [] : [[field, `${CEL} ${expression.trim()}`]];
    });
    const next = Object.fromEntries([...kept, ...given]);
    if (JSON.stringify(next) !== JSON.stringify(mapping)) onMapping(next);
  };
  return (
    <Textarea
      label="Worked out"
      description="A line for each field, with a CEL expression over the row."
      placeholder="spec.owner: row.Team.lowerAscii()"
      size="xs"
      autosize
      minRows={1}
      maxRows={8}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={take}
      spellCheck={false}
      classNames={{ input: "rb-mono" }}
    />
  );
}

function textOf(mapping: ColumnMapping): string {
  return Object.entries(mapping)
    .flatMap(([field, column]) => (isWorkedOut(column) ? [`${field}: ${column.slice(CEL.length).trim()}`] : []))
    .join("\n");
}

const CHANGES: Readonly<Record<Preview["entities"][number]["change"], string>> = {
  new: "new",
  changed: "changes",
  same: "as it is",
  taken: "another source has it",
};

function Rows({ entities, total }: { readonly entities: Preview["entities"]; readonly total: number }): ReactNode {
  return (
    <table className={classes.uploaded}>
      <thead>
        <tr>
          <th scope="col">Line</th>
          <th scope="col">Entity</th>
          <th scope="col">Owner</th>
          <th scope="col">Here</th>
        </tr>
      </thead>
      <tbody>
        {entities.slice(0, SHOWN).map(({ line, ref, owner, change }) => (
          <tr key={ref}>
            <td>{line}</td>
            <td>
              <code>{ref}</code>
            </td>
            <td>{owner ?? ""}</td>
            <td>{CHANGES[change]}</td>
          </tr>
        ))}
      </tbody>
      {total > SHOWN && <caption>and {formatNumber(total - SHOWN)} more</caption>}
    </table>
  );
}
