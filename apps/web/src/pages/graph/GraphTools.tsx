import { Button, Group, Select } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";

import { Origin } from "@roadbed/contracts/catalog/graph";
import type { GroupBy } from "../../graph/group.ts";
import { shortRef } from "../../ui/entity-kind.ts";
import row from "../../ui/tool-row.module.css";
import { EntitySelect } from "./EntitySelect.tsx";
import { START_DEPTH, type GraphSearch } from "./graph-search.ts";
import classes from "./graph-page.module.css";

interface Props {
  readonly search: GraphSearch;
  readonly kinds: readonly string[];
  readonly onChange: (patch: Partial<GraphSearch>) => void;
  readonly groups: readonly string[];
  readonly allOpen: boolean;
  readonly canOpenAll: boolean;
}

const GROUPS: readonly { readonly value: GroupBy; readonly label: string }[] = [
  { value: "system", label: "Group by system" },
  { value: "domain", label: "Group by domain" },
  { value: "owner", label: "Group by owner" },
  { value: "kind", label: "Group by kind" },
  { value: "none", label: "No groups" },
];
const ORIGINS = [
  { value: "", label: "However known" },
  { value: "declared", label: "Declared" },
  { value: "observed", label: "Seen in traces" },
  { value: "inferred", label: "Inferred" },
];
const KINDS = ["component", "api", "resource", "group", "user"] as const;
const MOST_DEPTH = 6;

/** How the picture is grouped, which kinds and relations it shows, around what, and where something is. */
export function GraphTools({ search, kinds, onChange, groups, allOpen, canOpenAll }: Props): ReactNode {
  const by: GroupBy = search.group ?? (search.ref === undefined ? "system" : "none");
  return (
    <div className={row.tools}>
      <EntitySelect
        label="Find in the graph"
        placeholder="Find an entity"
        width={200}
        value={undefined}
        onChange={(ref) => ref !== undefined && onChange({ select: ref, ...(search.ref === undefined ? { ref } : {}) })}
      />
      {search.ref === undefined ? null : (
        <>
          <span className={classes.around}>
            Around <b>{shortRef(search.ref)}</b>
            <Button
              variant="subtle"
              size="compact-xs"
              onClick={() => onChange({ ref: undefined, depth: undefined, direction: undefined, open: undefined })}
            >
              Show everything
            </Button>
          </span>
          <DepthSlider
            depth={search.depth ?? START_DEPTH}
            onDepth={(depth) => onChange({ depth: depth === START_DEPTH ? undefined : depth })}
          />
          <Select
            size="xs"
            w={150}
            aria-label="Direction"
            allowDeselect={false}
            value={search.direction ?? ""}
            onChange={(value) => onChange({ direction: value === "up" || value === "down" ? value : undefined })}
            data={[
              { value: "", label: "Both directions" },
              { value: "down", label: "Depends on" },
              { value: "up", label: "Depended on by" },
            ]}
          />
        </>
      )}
      {search.view !== "table" && (
        <Select
          size="xs"
          w={150}
          aria-label="Grouping"
          allowDeselect={false}
          value={by}
          onChange={(value) => onChange({ group: (value ?? "system") as GroupBy, open: undefined })}
          data={[...GROUPS]}
        />
      )}
      {search.asOf === undefined && (
        <Select
          size="xs"
          w={140}
          aria-label="How relations are known"
          allowDeselect={false}
          value={search.origin ?? ""}
          onChange={(value) => onChange({ origin: Origin.safeParse(value).data })}
          data={ORIGINS}
        />
      )}
      <Group gap={6} role="group" aria-label="Kinds">
        {KINDS.map((kind) => (
          <button
            key={kind}
            type="button"
            className={row.chip}
            aria-pressed={kinds.includes(kind)}
            onClick={() => onChange({ kind: kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind] })}
            disabled={kinds.length === 1 && kinds[0] === kind}
          >
            {kind}
          </button>
        ))}
      </Group>
      {canOpenAll && search.view !== "table" && (
        <Button variant="default" size="compact-sm" onClick={() => onChange({ open: allOpen ? undefined : groups })}>
          {allOpen ? "Close all groups" : "Open all groups"}
        </Button>
      )}
      <Button
        variant="default"
        size="compact-sm"
        onClick={() => onChange({ from: search.select ?? search.ref ?? "", to: undefined, impact: undefined })}
      >
        Find a way
      </Button>
    </div>
  );
}

/** Asks the server only when it is let go. */
function DepthSlider({ depth, onDepth }: { readonly depth: number; readonly onDepth: (depth: number) => void }): ReactNode {
  const [shown, setShown] = useState(depth);
  useEffect(() => setShown(depth), [depth]);
  return (
    <label className={classes.depth}>
      {shown} {shown === 1 ? "step" : "steps"}
      <input
        type="range"
        min={1}
        max={MOST_DEPTH}
        step={1}
        value={shown}
        aria-label="How many steps from the middle"
        onChange={(event) => setShown(Number(event.currentTarget.value))}
        onPointerUp={() => onDepth(shown)}
        onKeyUp={() => onDepth(shown)}
      />
    </label>
  );
}
