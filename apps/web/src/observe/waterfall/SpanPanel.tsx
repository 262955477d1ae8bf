import { CloseButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { formatMs } from "../../format/number.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { TreeRow } from "./span-tree.ts";
import classes from "./waterfall.module.css";

/** Everything about one span: when and how long, its status, attributes and events. */
export function SpanPanel({ row, onClose }: { readonly row: TreeRow; readonly onClose?: () => void }): ReactNode {
  const { span, selfUs, below } = row;
  return (
    <section aria-label={`Span ${span.name}`}>
      <div className={classes.panelHead}>
        <h2>{span.name}</h2>
        {onClose !== undefined && <CloseButton aria-label="Close the span" onClick={onClose} size="sm" />}
      </div>
      <Facts
        of={[
          [
            "Service",
            <Link key="service" to="/observe/services/$service" params={{ service: span.service }}>
              {span.service}
            </Link>,
          ],
          ["Status", span.status === "unset" ? undefined : <StateBadge key="status" plain word={span.status} />],
          ["Kind", span.kind],
          ["Took", formatMs(span.durationUs / 1_000)],
          ["Of which itself", below > 0 ? formatMs(selfUs / 1_000) : undefined],
          ["Began after", formatMs(span.offsetUs / 1_000)],
          ["Span id", <CopyText key="id" text={span.spanId} what="span id" />],
        ]}
      />
      {span.statusMessage !== undefined && <p className={classes.message}>{span.statusMessage}</p>}
      <h3 className={classes.panelPart}>Attributes</h3>
      {Object.keys(span.attributes).length === 0 ? <p className="rb-dim">It has none.</p> : <Facts of={attributesOf(span.attributes)} />}
      {span.events.length > 0 && (
        <>
          <h3 className={classes.panelPart}>Events</h3>
          <ol className={classes.events}>
            {span.events.map((event, index) => (
              <li key={index} className={classes.eventItem}>
                <b data-state={event.name === "exception" ? "fail" : undefined}>{event.name}</b>{" "}
                <span className="rb-dim">after {formatMs(event.offsetUs / 1_000)}</span>
                <Facts of={attributesOf(event.attributes)} />
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

function attributesOf(attributes: Readonly<Record<string, string>>): readonly (readonly [string, ReactNode])[] {
  return Object.entries(attributes)
    .sort(([a], [b]) => a.localeCompare(b, "en"))
    .map(([key, value]) => [
      key,
      <span key={key} className={classes.attribute}>
        {value}
      </span>,
    ]);
}
