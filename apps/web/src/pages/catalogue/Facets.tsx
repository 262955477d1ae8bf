import { Button, Checkbox, Popover } from "@mantine/core";
import { SlidersHorizontal, X } from "lucide-react";
import { useState, type ReactNode } from "react";

import { formatNumber } from "../../format/number.ts";
import { shortRef } from "../../ui/entity-kind.ts";
import classes from "./catalogue.module.css";
import { FACETS, NONE, toggle, type CatalogueSearch, type FacetKey } from "./filter.ts";

type Counts = Readonly<Record<string, readonly { readonly value: string; readonly count: number }[]>>;

interface Props {
  readonly facets: Counts | undefined;
  readonly search: CatalogueSearch;
  readonly onChange: (patch: Partial<CatalogueSearch>) => void;
}

const SHOWN = 7;

/** Facets with counts: beside the table where there is room, behind a button where there is not. */
export function Facets(props: Props): ReactNode {
  const chosen = FACETS.flatMap(({ key }) => (props.search[key] ?? []).map((value) => ({ key, value })));
  return (
    <>
      <aside className={classes.facets} aria-label="Filters">
        <FacetList {...props} />
      </aside>
      <div className={classes.facetBar}>
        <Popover width={300} position="bottom-start" shadow="md">
          <Popover.Target>
            <Button variant="default" leftSection={<SlidersHorizontal size={14} aria-hidden />}>
              Filters{chosen.length > 0 ? ` (${chosen.length})` : ""}
            </Button>
          </Popover.Target>
          <Popover.Dropdown mah="70vh" style={{ overflowY: "auto" }}>
            <FacetList {...props} />
          </Popover.Dropdown>
        </Popover>
      </div>
      {chosen.length > 0 && (
        <div className={classes.chips}>
          {chosen.map(({ key, value }) => (
            <button
              key={`${key}=${value}`}
              type="button"
              className={classes.chip}
              onClick={() => props.onChange({ [key]: toggle(props.search[key], value) })}
              aria-label={`Remove filter ${key} ${value}`}
            >
              {key}: {wordOf(key, value)} <X size={12} aria-hidden />
            </button>
          ))}
          <button
            type="button"
            className={classes.clear}
            onClick={() => props.onChange(Object.fromEntries(FACETS.map(({ key }) => [key, undefined])))}
          >
            Clear all
          </button>
        </div>
      )}
    </>
  );
}

function FacetList({ facets, search, onChange }: Props): ReactNode {
  return FACETS.map(({ key, field, label }) => (
    <Facet
      key={key}
      label={label}
      facet={key}
      values={valuesOf(facets?.[field], key)}
      chosen={search[key]}
      onToggle={(value) => onChange({ [key]: toggle(search[key], value) })}
    />
  ));
}

interface FacetProps {
  readonly label: string;
  readonly facet: FacetKey;
  readonly values: readonly { readonly value: string; readonly count: number }[];
  readonly chosen: readonly string[] | undefined;
  readonly onToggle: (value: string) => void;
}

function Facet({ label, facet, values, chosen = [], onToggle }: FacetProps): ReactNode {
  const [all, setAll] = useState(false);
  const sorted = [...values].sort((a, b) => b.count - a.count);
  // Chosen values stay in sight, also where the filter leaves none of them.
  const missing = chosen
    .filter((value) => value !== NONE && !values.some((known) => known.value.toLowerCase() === value.toLowerCase()))
    .map((value) => ({ value, count: 0 }));
  const shown = all ? sorted : sorted.filter(({ value }, index) => index < SHOWN || includes(chosen, value));
  if (sorted.length + missing.length === 0) return null;
  return (
    <fieldset className={classes.facet}>
      <legend>{label}</legend>
      {[...shown, ...missing].map(({ value, count }) => (
        <label key={value} className={classes.option}>
          <Checkbox
            size="xs"
            checked={includes(chosen, value)}
            onChange={() => onToggle(chosen.find((one) => one.toLowerCase() === value.toLowerCase()) ?? value)}
          />
          <span className={classes.optionText} title={value}>
            {wordOf(facet, value)}
          </span>
          <span className={classes.optionCount}>{formatNumber(count)}</span>
        </label>
      ))}
      {sorted.length > SHOWN && (
        <button type="button" className={classes.clear} onClick={() => setAll(!all)}>
          {all ? "Fewer" : `${sorted.length - SHOWN} more`}
        </button>
      )}
    </fieldset>
  );
}

function includes(chosen: readonly string[], value: string): boolean {
  return chosen.some((one) => one.toLowerCase() === value.toLowerCase());
}

function wordOf(facet: FacetKey, value: string): string {
  return facet === "owner" || facet === "system" ? shortRef(value) : value;
}

/** What a thing is part of may also be a domain or another component; the facet is about systems. */
function valuesOf(values: Counts[string] | undefined, key: FacetKey): Counts[string] {
  return (values ?? []).filter(({ value }) => key !== "system" || value.toLowerCase().startsWith("system:"));
}
