import { Button } from "@mantine/core";
import type { ReactNode } from "react";

import { dismissQuarantine, listQuarantine, retryQuarantine } from "@roadbed/contracts/catalog/connections";
import type { OutputOf } from "@roadbed/core";
import { useAct, usePages } from "../../api/use-operation.ts";
import { formatNumber } from "../../format/number.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { tellDone, tellFault } from "../settings/tell.ts";
import classes from "./sources.module.css";

type Item = OutputOf<typeof listQuarantine>["items"][number];

/** Objects that cannot be read and keep their last good state. Nothing is shown when there is none. */
export function QuarantineList({ sourceId, count }: { readonly sourceId: string; readonly count: number }): ReactNode {
  const list = usePages(listQuarantine, { sourceId, limit: 50 }, { enabled: count > 0 });
  if (count === 0) return null;
  return (
    <Section title="Quarantine" count={formatNumber(count)}>
      <p className={classes.lead}>
        These cannot be read, or are kept though the source names them no more. What the catalogue shows of them is their last good state.
      </p>
      {list.error !== null && <ErrorState error={list.error} retry={list.retry} />}
      <ul className={classes.problems} aria-label="Quarantine">
        {list.rows.map((item) => (
          <Row key={item.object} item={item} />
        ))}
      </ul>
      {list.more !== undefined && <LoadMore shown={list.rows.length} total={count} more={list.more} loading={list.loadingMore} />}
    </Section>
  );
}

function Row({ item }: { readonly item: Item }): ReactNode {
  const { sourceId, object, location, reason, mend, since, why } = item;
  const retry = useAct(retryQuarantine, {
    onDone: ({ released, reason: still }) => tellDone(released ? `${object} is well again.` : `It is still so: ${still}`),
  });
  const dismiss = useAct(dismissQuarantine, { onDone: () => tellDone(`${object} is shown no more until its reason is another one.`) });
  return (
    <li>
      <div className={classes.where}>
        <code>{object}</code>
        {location !== object && <span className="rb-dim">{location}</span>}
        <span className="rb-dim">
          {why === "kept" ? "kept since" : "since"} <When at={since} />
        </span>
      </div>
      <div>
        {reason}
        {mend !== undefined && <p className={classes.mend}>{mend}</p>}
        <div className={classes.rowActs}>
          {why === "failed" && (
            <Button
              size="compact-xs"
              variant="default"
              loading={retry.isPending}
              onClick={() => retry.mutate({ sourceId, object }, { onError: tellFault("It was not tried") })}
            >
              Try again
            </Button>
          )}
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            loading={dismiss.isPending}
            onClick={() => dismiss.mutate({ sourceId, object }, { onError: tellFault("It was not dismissed") })}
          >
            Dismiss
          </Button>
        </div>
      </div>
    </li>
  );
}
