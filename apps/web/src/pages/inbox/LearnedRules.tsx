import { Button, Group, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import {
  acceptApprovalRule,
  listApprovalRules,
  refuseApprovalRule,
  revokeApprovalRule,
  type ApprovalRule,
} from "@roadbed/contracts/paths/approval-rules";
import { useAct, usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import type { State } from "../../ui/state.ts";
import { When } from "../../ui/When.tsx";
import runs from "../runs/runs.module.css";

const TONES: Readonly<Record<ApprovalRule["state"], State>> = { proposed: "warn", active: "ok", refused: "unknown", revoked: "unknown" };

/** What ten grants in a row taught: rules to accept, and those that grant by themselves. Nothing is shown where nothing was learned. */
export function LearnedRules(): ReactNode {
  const list = usePages(listApprovalRules, { limit: 20 });
  if (list.rows.length === 0) return list.error === null ? null : <ErrorState error={list.error} retry={list.retry} />;
  return (
    <Section title="What could be automatic">
      {list.rows.toSorted(proposedFirst).map((rule) => (
        <Rule key={rule.id} rule={rule} />
      ))}
      <LoadMore shown={list.rows.length} total={undefined} more={list.more} loading={list.loadingMore} />
    </Section>
  );
}

/** What waits for an answer stands above what is settled. */
function proposedFirst(a: ApprovalRule, b: ApprovalRule): number {
  return Number(b.state === "proposed") - Number(a.state === "proposed");
}

function Rule({
  rule: { id, pathTitle, rule, state, said, evidence, used, decidedBy, decidedAt, note: said2 },
}: {
  readonly rule: ApprovalRule;
}): ReactNode {
  const [note, setNote] = useState("");
  const accept = useAct(acceptApprovalRule);
  const refuse = useAct(refuseApprovalRule);
  const revoke = useAct(revokeApprovalRule);
  const error = accept.error ?? refuse.error ?? revoke.error;
  const input = { id, ...(note.trim() !== "" && { note: note.trim() }) };
  return (
    <article className={runs.approval} aria-label={`${pathTitle}: ${rule}`}>
      <h3>
        <StateBadge plain word={state} state={TONES[state]} /> {pathTitle}: {rule}
      </h3>
      <p>{said}</p>
      <p className="rb-dim">
        {used > 0 && `It let ${formatCount(used, "run")} begin. `}
        {decidedBy !== undefined && decidedAt !== undefined && (
          <>
            Decided by <Actor of={decidedBy} />, <When at={decidedAt} />.{said2 !== undefined && ` "${said2}"`}
          </>
        )}
      </p>
      <details open={state === "proposed"}>
        <summary>Learned from {formatCount(evidence.length, "grant")} in a row</summary>
        <ul className={runs.votes}>
          {evidence.map(({ approval, runId, requestedByName, grantedBy, at }) => (
            <li key={approval}>
              <Link to="/runs/$id" params={{ id: runId }}>
                Asked for by {requestedByName}
              </Link>
              , granted by {grantedBy.join(", ")}, <When at={at} />
            </li>
          ))}
        </ul>
      </details>
      {(state === "proposed" || state === "active") && (
        <Group gap="xs" mt="xs" align="end">
          <TextInput size="xs" label="Note" value={note} maxLength={2_000} onChange={(event) => setNote(event.currentTarget.value)} />
          {state === "proposed" ? (
            <>
              <Button size="xs" loading={accept.isPending} onClick={() => accept.mutate(input)}>
                Make it automatic
              </Button>
              <Button size="xs" variant="default" loading={refuse.isPending} onClick={() => refuse.mutate(input)}>
                Go on by hand
              </Button>
            </>
          ) : (
            <Button size="xs" variant="default" loading={revoke.isPending} onClick={() => revoke.mutate(input)}>
              Revoke it
            </Button>
          )}
        </Group>
      )}
      {error !== null && <ErrorState error={error} />}
    </article>
  );
}
