import { Stack } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { FilePen } from "lucide-react";
import type { ReactNode } from "react";

import { listSourceEdits, type SourceEdit } from "@roadbed/contracts/delivery/source";
import { usePages } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";

/** What people wrote on `main` of the repository of what runs where. */
export function SourceEdits(): ReactNode {
  const list = usePages(listSourceEdits, { limit: 10 });
  return (
    <Section title="Written in Git">
      {list.error !== null && list.rows.length === 0 ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.pending ? (
        <SkeletonRows rows={2} height={48} />
      ) : list.rows.length === 0 ? (
        <EmptyState compact icon={FilePen} title="Nobody changed a file yet">
          <code>main</code> of <code>{`${location.origin}/git/platform-delivery.git`}</code> holds <code>environments/prod.yaml</code> and{" "}
          <code>workloads/prod/orders.yaml</code>. Change one and push: it becomes a change of the environment, or a promotion through its
          gates. What cannot be used is put back, with line and reason.
        </EmptyState>
      ) : (
        <Stack gap="md">
          {list.rows.map((edit) => (
            <Edit key={edit.id} of={edit} />
          ))}
          <LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />
        </Stack>
      )}
    </Section>
  );
}

/** Reasons are read whole: nothing of them is cut off. */
function Edit({ of: { path, state, outcome, problems, promotionId, message, pushedBy, at } }: { readonly of: SourceEdit }): ReactNode {
  return (
    <article style={{ overflowWrap: "anywhere" }}>
      <StateBadge plain word={state} state={state === "taken" ? "ok" : "fail"} label={state} /> <code className="rb-mono">{path}</code>{" "}
      {promotionId === undefined ? (
        outcome
      ) : (
        <Link to="/promotions/$id" params={{ id: promotionId }}>
          {outcome}
        </Link>
      )}
      {problems.map(({ at: place, field, reason, mend }) => (
        <div key={`${place} ${field} ${reason}`}>
          <code className="rb-mono">{place}</code> {field === undefined ? "" : `${field} `}
          {reason}
          {mend !== undefined && <span className="rb-dim">. {mend}</span>}
        </div>
      ))}
      <div className="rb-dim">
        {message}, pushed by <Actor of={pushedBy} /> <When at={at} />
      </div>
    </article>
  );
}
