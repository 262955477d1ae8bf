import { Select } from "@mantine/core";
import type { ReactNode } from "react";

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
          data={choices}
          value={mapping[field] ?? null}
          placeholder="none"
          clearable
          onChange={(value) => set(field, value)}
        />
      ))}
    </fieldset>
  );
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
