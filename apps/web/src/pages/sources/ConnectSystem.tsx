import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { Cable, FlaskConical } from "lucide-react";
import { useState, type ReactNode } from "react";

import { createSource, listConnectors, testSource, type ConnectorView } from "@roadbed/contracts/catalog/connections";
import { DomainError } from "@roadbed/core";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import type { FieldProblem } from "../../schema-form/form-state.ts";
import { pruned, withDefaults, type Schema, type Values } from "../../schema-form/schema.ts";
import { SchemaForm } from "../../schema-form/SchemaForm.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Panel, Section } from "../../ui/Page.tsx";
import { tellDone } from "../settings/tell.ts";
import { FIRST_MAPPING, MappingEditor, readMapping } from "./MappingEditor.tsx";
import classes from "./sources.module.css";
import { TestView } from "./TestView.tsx";

/** Choose a system, fill in what it asks for, see what it would bring, and connect it. */
export function ConnectSystem({
  kind,
  onKind,
}: {
  readonly kind: string | undefined;
  readonly onKind: (kind: string | undefined) => void;
}): ReactNode {
  const connectors = useOperation(listConnectors, { limit: 100 });
  return (
    <Section title="Connect a system">
      <Loaded query={connectors} skeleton={<SkeletonRows rows={3} />}>
        {({ items }) => {
          const chosen = items.find((one) => one.kind === kind);
          return chosen ? (
            <ConnectForm key={chosen.kind} connector={chosen} onClose={() => onKind(undefined)} />
          ) : (
            <Choice connectors={items} onKind={onKind} />
          );
        }}
      </Loaded>
    </Section>
  );
}

function Choice({
  connectors,
  onKind,
}: {
  readonly connectors: readonly ConnectorView[];
  readonly onKind: (kind: string) => void;
}): ReactNode {
  return (
    <ul className={classes.ways} aria-label="Systems">
      {connectors.map(({ kind, title, summary, webhooks, everyMinutes }) => (
        <li key={kind}>
          <Cable size={18} aria-hidden strokeWidth={1.6} />
          <h2>{title}</h2>
          <p>
            {summary} Read every {formatCount(everyMinutes, "minute")}
            {webhooks ? ", and at once when it calls its webhook" : ""}.
          </p>
          <Button variant="default" size="xs" onClick={() => onKind(kind)}>
            Connect
          </Button>
        </li>
      ))}
    </ul>
  );
}

function ConnectForm({ connector, onClose }: { readonly connector: ConnectorView; readonly onClose: () => void }): ReactNode {
  const navigate = useNavigate();
  const { fields, main, more, hasMapping } = splitSchema(connector);
  const [values, setValues] = useState<Values>(() => withDefaults(fields, {}));
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [name, setName] = useState("");
  const [mapping, setMapping] = useState(FIRST_MAPPING);
  const test = useAct(testSource, { touches: [] });
  const connect = useAct(createSource, {
    touches: ["catalog", "paths"],
    onDone: ({ source, counts }) => {
      tellDone(`${source.name} is connected: ${formatCount(counts.read, "thing", "things")} read.`);
      void navigate({ to: "/sources/$id", params: { id: source.id } });
    },
  });
  const fault = connect.error ?? test.error;
  const problems = problemsOf(fault);
  const read = readMapping(mapping);
  const settings = { ...pruned([fields], values), ...(hasMapping && "mapping" in read && { mapping: read.mapping }) };
  const blocked = hasMapping && "fault" in read;
  const everything = new Set([...touched, ...problems.map(({ field }) => field)]);
  const state = {
    values,
    problems,
    touched: everything,
    onChange: setValues,
    onTouch: (path: string) => setTouched(new Set([...touched, path])),
  };
  return (
    <Panel>
      <form
        aria-label={`Connect ${connector.title}`}
        onSubmit={(event) => {
          event.preventDefault();
          connect.mutate({ connector: connector.kind, settings, ...(name.trim() !== "" && { name: name.trim() }) });
        }}
      >
        <Stack gap="md" maw={680}>
          <h2 className={classes.system}>
            <Cable size={17} aria-hidden strokeWidth={1.6} /> {connector.title}
          </h2>
          <p className={classes.lead}>{connector.summary}</p>
          <SchemaForm schema={main} state={state} />
          {more !== undefined && (
            <details className={classes.more} open={problems.some(({ field }) => propertyOf(more, field) !== undefined)}>
              <summary>More settings</summary>
              <SchemaForm schema={more} state={state} />
            </details>
          )}
          <TextInput
            label="Name"
            description="How the source is called in lists. It may be left out."
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        </Stack>
        {hasMapping && <MappingEditor text={mapping} onText={setMapping} sourceId={undefined} />}
        {fault !== null && (
          <div className={classes.fault}>
            <ErrorState error={fault} />
          </div>
        )}
        {test.data !== undefined && <TestView test={test.data} />}
        <Group gap="xs" mt="md">
          <Button
            variant="default"
            leftSection={<FlaskConical size={14} aria-hidden />}
            loading={test.isPending}
            disabled={blocked}
            onClick={() => test.mutate({ connector: connector.kind, settings })}
          >
            Test: show what would change
          </Button>
          <Button type="submit" loading={connect.isPending} disabled={blocked}>
            Connect and read
          </Button>
          <Button variant="subtle" color="gray" onClick={onClose}>
            Another system
          </Button>
        </Group>
      </form>
    </Panel>
  );
}

interface Split {
  /** All fields that are drawn, and the two parts in which they are. */
  readonly fields: Schema;
  readonly main: Schema;
  readonly more: Schema | undefined;
  readonly hasMapping: boolean;
}

/** The mapping has an editor of its own, what is secret is typed unseen, and what few people change stands below. */
function splitSchema({ settings, secrets }: Pick<ConnectorView, "settings" | "secrets">): Split {
  const properties = (settings["properties"] ?? {}) as Record<string, Schema>;
  const drawn = Object.entries(properties)
    .filter(([name, schema]) => name !== "mapping" && schema["type"] !== "object")
    .map(([name, schema]): [string, Schema] => [name, secrets.includes(name) ? { ...schema, "ui:widget": "password" } : schema]);
  const part = (entries: readonly [string, Schema][]): Schema => ({
    ...settings,
    properties: Object.fromEntries(entries),
    required: (Array.isArray(settings["required"]) ? settings["required"] : []).filter((name) => entries.some(([own]) => own === name)),
  });
  const rest = drawn.filter(([, schema]) => schema["advanced"] === true);
  return {
    fields: part(drawn),
    main: part(drawn.filter(([, schema]) => schema["advanced"] !== true)),
    more: rest.length === 0 ? undefined : part(rest),
    hasMapping: properties["mapping"] !== undefined,
  };
}

function propertyOf(schema: Schema, field: string): unknown {
  return (schema["properties"] as Record<string, unknown>)[field.split(".")[0] ?? ""];
}

/** Those of the server's problems that are about a field of the settings. */
function problemsOf(error: unknown): readonly FieldProblem[] {
  if (!(error instanceof DomainError)) return [];
  return error.problems
    .filter(({ at }) => at.startsWith("settings."))
    .map(({ at, reason, mend }) => ({ field: at.slice("settings.".length), reason, mend }));
}
