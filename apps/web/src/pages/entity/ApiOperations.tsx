import { TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { ApiField, ApiOperation } from "@roadbed/contracts/api-document/open-api";
import { getApi } from "@roadbed/contracts/catalog/docs";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Tag } from "../../ui/Tag.tsx";
import operations from "../api-docs/api-docs.module.css";
import { Description } from "../api-docs/OperationItem.tsx";
import classes from "./api-tab.module.css";

type Api = OutputOf<typeof getApi>;
type Line = Api["operations"][number];

/** From so many on, a box to find one; more than this are shown only once they were looked for. */
const MANY = 15;
const MOST_SHOWN = 300;

/** Operations in groups; what one takes and gives is fetched when it is opened. */
export function ApiOperations({ api }: { readonly api: Api }): ReactNode {
  const [words, setWords] = useState("");
  const found = api.operations.filter((line) => matches(line, words));
  const groups = [...Map.groupBy(found.slice(0, MOST_SHOWN), ({ group }) => group)];
  return (
    <>
      {api.operations.length >= MANY && (
        <TextInput
          size="xs"
          className={classes.find}
          placeholder="Find an operation"
          aria-label="Find an operation"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      )}
      {groups.map(([name, lines]) => (
        <section key={name} className={operations.group} aria-label={name}>
          <h2>{name}</h2>
          {lines.map((line) => (
            <OperationLine key={line.id} entityRef={api.ref} line={line} />
          ))}
        </section>
      ))}
      {found.length === 0 && (
        <p className="rb-dim">{api.operations.length === 0 ? "It defines no operation." : "No operation has these words."}</p>
      )}
      {found.length > MOST_SHOWN && <p className="rb-dim">{found.length - MOST_SHOWN} more: type a word to find them.</p>}
    </>
  );
}

function matches({ method, path, summary, group }: Line, words: string): boolean {
  const text = `${method} ${path} ${summary} ${group}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function OperationLine({ entityRef, line }: { readonly entityRef: string; readonly line: Line }): ReactNode {
  const [opened, setOpened] = useState(false);
  return (
    <details className={operations.operation} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>
        <span className={`${operations.method} ${classes.method}`} data-method={line.method}>
          {line.method}
        </span>
        <code className={line.deprecated ? classes.deprecated : undefined}>{line.path}</code>
        {line.deprecated && <Tag>deprecated</Tag>}
        <span className={operations.summary}>{line.summary}</span>
      </summary>
      {opened && <Details entityRef={entityRef} line={line} />}
    </details>
  );
}

function Details({ entityRef, line }: { readonly entityRef: string; readonly line: Line }): ReactNode {
  const api = useOperation(getApi, { ref: entityRef, operation: line.id }, { staleTime: 60_000 });
  return (
    <div className={operations.detail}>
      <Loaded query={api} skeleton={<SkeletonRows rows={4} />}>
        {({ details }) => (details === undefined ? null : <Description operation={asOperation(line, details)} linkable={false} />)}
      </Loaded>
    </div>
  );
}

function asOperation({ method, path, summary, deprecated }: Line, details: NonNullable<Api["details"]>): ApiOperation {
  return {
    method,
    path,
    summary,
    deprecated,
    id: undefined,
    name: undefined,
    scope: undefined,
    risk: undefined,
    description: details.description,
    parameters: details.parameters.map(asField),
    body: details.body.map(asField),
    responses: details.answers.map(({ status, description, fields }) => ({ status, description, fields: fields.map(asField) })),
  };
}

function asField({ name, where, type, required, description, bounds }: NonNullable<Api["details"]>["body"][number]): ApiField {
  return { name, where, type, required, description, bounds, fallback: undefined, example: undefined, fields: [] };
}
