import { useEffect, useRef, useState, type ReactNode } from "react";

import { CopyButton } from "../../ui/Copy.tsx";
import { Tag } from "../../ui/Tag.tsx";
import classes from "./api-docs.module.css";
import { FieldTable } from "./FieldTable.tsx";
import { anchorOf, type ApiOperation, type ApiResponse } from "@roadbed/contracts/api-document/open-api";

interface Props {
  readonly operation: ApiOperation;
  readonly example: ((operation: ApiOperation) => ReactNode) | undefined;
  readonly linked: boolean;
  readonly onOpen: ((anchor: string) => void) | undefined;
}

/** One operation: a line that opens to everything about it. Its inside is drawn only when asked for. */
export function OperationItem({ operation, example, linked, onOpen }: Props): ReactNode {
  const [opened, setOpened] = useState(linked);
  const box = useRef<HTMLDetailsElement>(null);
  const { method, path, summary } = operation;
  const anchor = anchorOf(operation);
  useEffect(() => {
    if (!linked) return;
    setOpened(true);
    box.current?.scrollIntoView({ block: "start" });
  }, [linked]);
  return (
    <details
      ref={box}
      id={anchor}
      className={classes.operation}
      open={opened}
      onToggle={(event) => {
        const { open } = event.currentTarget;
        if (open === opened) return;
        setOpened(open);
        if (open) onOpen?.(anchor);
      }}
    >
      <summary>
        <span className={classes.method} data-method={method}>
          {method}
        </span>
        <code>{path}</code>
        <span className={classes.summary}>{summary}</span>
      </summary>
      {opened && (
        <div className={classes.detail}>
          <Description operation={operation} linkable={onOpen !== undefined} />
          {example !== undefined && <div className={classes.example}>{example(operation)}</div>}
        </div>
      )}
    </details>
  );
}

/** What an operation takes and gives. */
export function Description({ operation, linkable }: { readonly operation: ApiOperation; readonly linkable: boolean }): ReactNode {
  const { name, scope, risk, summary, description, parameters, body, responses } = operation;
  const headers = parameters.filter(({ where }) => where === "header");
  return (
    <div>
      {name === undefined
        ? description !== undefined && description !== summary && <p>{description}</p>
        : linkable && (
            <p className={classes.facts}>
              <code>{name}</code>
              <CopyButton text={`${location.origin}${location.pathname}#${name}`} what="link" />
              {scope !== undefined && <Tag title="The scope that a token needs">{scope}</Tag>}
              {risk !== undefined && (
                <span className={classes.risk} data-risk={risk} title={RISKS[risk]}>
                  {risk === "read" ? "only reads" : `${risk} risk`}
                </span>
              )}
            </p>
          )}
      <FieldTable title="Parameters" fields={parameters.filter(({ where }) => where !== "header")} />
      <FieldTable title="Body" fields={body} />
      {headers.length > 0 && <FieldTable title="Headers" fields={headers} />}
      <Answers responses={responses} />
    </div>
  );
}

const RISKS: Readonly<Record<string, string>> = {
  read: "It changes nothing.",
  low: "It changes little, and that can be undone.",
  medium: "It changes things that others see.",
  high: "It can disturb what runs or who may do what. An agent must say why.",
  destructive: "It removes things. An agent must say why.",
};

/** What a good answer holds can be opened; the refusals are one line each. */
function Answers({ responses }: { readonly responses: readonly ApiResponse[] }): ReactNode {
  const good = responses.filter(({ status }) => status.startsWith("2"));
  const refusals = responses.filter(({ status }) => !status.startsWith("2"));
  return (
    <>
      {good.map(({ status, description, fields }) =>
        fields.length === 0 ? (
          <h3 key={status}>
            Answer <code>{status}</code> <span className="rb-dim">{description}</span>
          </h3>
        ) : (
          <details key={status} className={classes.answer}>
            <summary>
              Answer <code>{status}</code> <span className="rb-dim">{fields.map(({ name }) => name).join(", ")}</span>
            </summary>
            <FieldTable title="" fields={fields} />
          </details>
        ),
      )}
      {refusals.length > 0 && (
        <details className={classes.answer}>
          <summary>
            Refusals <span className="rb-dim">{refusals.map(({ status }) => status).join(", ")}</span>
          </summary>
          <dl className={classes.refusals}>
            {refusals.map(({ status, description }) => (
              <div key={status}>
                <dt>{status}</dt>
                <dd>{description}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </>
  );
}
