import { Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState, type ReactNode } from "react";

import { listSamples, testMapping } from "@roadbed/contracts/catalog/connections";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { parseYaml } from "../../format/parse-yaml.ts";
import { toYaml } from "../../format/yaml.ts";
import { formatCount } from "../../format/number.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import classes from "./sources.module.css";

export const FIRST_MAPPING = `records: body.items
when: "true"
mode: define
entity:
  kind: "'Component'"
  metadata.name: record.name
  metadata.description: "has(record.description) ? record.description : null"
  spec.type: "'service'"
  spec.lifecycle: "'production'"
  spec.owner: "'group:default/' + record.team"
`;

const FIRST_BODY = `{ "items": [{ "name": "orders", "description": "Takes orders", "team": "shop" }] }`;
const WAIT_MS = 350;

/** The mapping as it is sent, or what keeps it from being one. */
export function readMapping(text: string): { readonly mapping: Record<string, unknown> } | { readonly fault: string } {
  try {
    const value = parseYaml(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? { mapping: value as Record<string, unknown> }
      : { fault: "A mapping is a map of fields." };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

interface Props {
  readonly text: string;
  readonly onText: (text: string) => void;
  /** Undefined while there is no source yet: then the body is typed. */
  readonly sourceId: string | undefined;
}

/** The mapping at the left; what it makes of real answers at the right, while one types. */
export function MappingEditor({ text, onText, sourceId }: Props): ReactNode {
  const samples = useOperation(listSamples, { id: sourceId ?? "", limit: 5 }, { enabled: sourceId !== undefined });
  const newest = samples.data?.items[0]?.body;
  const [typed, setTyped] = useState<string | undefined>();
  const body = typed ?? (newest === undefined ? FIRST_BODY : JSON.stringify(newest, null, 2));
  const read = readMapping(text);
  return (
    <div className={classes.mapping}>
      <p className={classes.lead}>
        A mapping makes an entity of each record. Every value is a CEL expression over <code>record</code>; <code>records</code> finds the
        list in <code>body</code>. A field whose value is <code>null</code> is left out.
      </p>
      <div className={classes.check}>
        <div>
          <Textarea
            label="Mapping"
            value={text}
            onChange={(event) => onText(event.currentTarget.value)}
            rows={14}
            spellCheck={false}
            error={"fault" in read ? read.fault : undefined}
            classNames={{ input: classes.yaml ?? "" }}
          />
          <Textarea
            mt="sm"
            label={newest === undefined ? "An answer to try it on" : "The newest answer, what is secret taken out"}
            value={body}
            onChange={(event) => setTyped(event.currentTarget.value)}
            rows={10}
            spellCheck={false}
            classNames={{ input: classes.yaml ?? "" }}
          />
        </div>
        <Mapped mapping={"mapping" in read ? read.mapping : undefined} body={body} />
      </div>
    </div>
  );
}

function Mapped({ mapping, body }: { readonly mapping: Record<string, unknown> | undefined; readonly body: string }): ReactNode {
  const [asked] = useDebouncedValue(JSON.stringify({ mapping, body }), WAIT_MS);
  const question = JSON.parse(asked) as { mapping?: Record<string, unknown>; body: string };
  const parsed = parseBody(question.body);
  const enabled = question.mapping !== undefined && parsed !== undefined;
  const { data, error } = useOperation(
    testMapping,
    { mapping: question.mapping ?? {}, body: parsed, limit: 10 },
    { enabled, keep: true, staleTime: 60_000 },
  );
  if (parsed === undefined) return <p className="rb-dim">The answer is no JSON.</p>;
  if (error !== null) return <ErrorState error={error} />;
  if (data === undefined) return <p className="rb-dim">Mapping…</p>;
  return (
    <div role="status" aria-label="What the mapping makes" className={classes.verdict}>
      <p className={classes.resultSentence}>{formatCount(data.total, "record")} in this answer.</p>
      {data.records.map((record, index) => (
        <Record key={index} record={record} />
      ))}
    </div>
  );
}

function Record({ record }: { readonly record: OutputOf<typeof testMapping>["records"][number] }): ReactNode {
  const { entity, skipped, removed, problems } = record;
  const word = problems.length > 0 ? "failed" : skipped === true ? "skipped" : "ok";
  const label =
    problems.length > 0
      ? "does not fit"
      : skipped === true
        ? "does not count"
        : removed !== undefined
          ? `says that ${removed} is gone`
          : "an entity";
  return (
    <div className={classes.mapped}>
      <StateBadge plain word={word} label={label} />
      {problems.map(({ at, reason, mend }) => (
        <p key={at}>
          <code className={classes.at}>{at}</code> {reason}
          {mend !== undefined && <span className={classes.mend}> {mend}</span>}
        </p>
      ))}
      {entity !== undefined && <pre className={classes.yaml}>{toYaml(entity)}</pre>}
    </div>
  );
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
