import { Button, Group } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { GitMerge } from "lucide-react";
import type { ReactNode } from "react";

import { closeChange, getChange, mergeChange, resolveChange, type Change, type ChangeConflict } from "@roadbed/contracts/delivery/changes";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { useActorName } from "../../ui/Actor.tsx";
import type { OutputOf } from "@roadbed/core";
import { Diff } from "../../ui/Diff.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { GATE_TONES, GATE_WORDS, PromotionBadge } from "../promotions/words.tsx";
import { RunsOf } from "../pipelines/RunsOf.tsx";
import { ChecksOf } from "../standards/CheckPage.tsx";
import { ChangeBadge } from "./ChangeTable.tsx";
import { PreviewOf } from "./PreviewOf.tsx";
import { RequestOf } from "./RequestOf.tsx";
import classes from "./delivery.module.css";

const route = getRouteApi("/app/delivery/changes/$id");
const DELIVERY_AND_PATHS = ["delivery.", "paths."] as const;

/** One proposed change: read it, settle what is in conflict, merge it. */
export function ChangePage(): ReactNode {
  const { id } = route.useParams();
  const nameOf = useActorName();
  const change = useOperation(getChange, { id });
  const trail = (
    <Link to="/delivery" search={{ tab: "changes" }}>
      Changes
    </Link>
  );
  if (change.data === undefined) {
    return (
      <Page title="Change" trail={trail}>
        {change.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={change.error} retry={() => void change.refetch()} />}
      </Page>
    );
  }
  const { title, body, state, files, conflicts, entityRef, branch, target, openedBy, openedAt, endedBy, endedAt, note, promotions } =
    change.data;
  const { repository, head, preview, request } = change.data;
  const conflictOf = new Map(conflicts.map((conflict) => [conflict.path, conflict]));
  const unseen = conflicts.filter(({ path }) => !files.some((file) => file.path === path));
  return (
    <Page
      title={
        <>
          {title} <ChangeBadge state={state} />
        </>
      }
      tabTitle={title}
      trail={trail}
      state={
        <>
          <EntityLink entityRef={entityRef} />: {branch} into {target}, by {nameOf(openedBy)} <When at={openedAt} />
          {endedBy !== undefined && endedAt !== undefined && (
            <>
              ; {state} by {nameOf(endedBy)} <When at={endedAt} />
            </>
          )}
          {note !== undefined && ` (${note})`}. {STATE_WORDS[state]}
        </>
      }
      act={<Acts change={change.data} />}
    >
      {body !== "" && <p className={classes.changeBody}>{body}</p>}
      {unseen.length > 0 && (
        <Section title="To be settled" count={unseen.length}>
          {unseen.map((conflict) => (
            <p key={conflict.path}>
              <code className="rb-mono">{conflict.path}</code> <Settle id={id} conflict={conflict} />
            </p>
          ))}
        </Section>
      )}
      {preview !== undefined && <PreviewOf preview={preview} />}
      {request !== undefined && <RequestOf request={request} />}
      <RunsOf repository={repository} commit={head} />
      {promotions === undefined ? <ChecksOf change={id} /> : <Promotes promotions={promotions} />}
      <Section title={formatCount(files.length, "file")}>
        <Diff
          files={files.map((file) => {
            const conflict = conflictOf.get(file.path);
            return { ...file, ...(conflict !== undefined && { note: <Settle id={id} conflict={conflict} /> }) };
          })}
        />
      </Section>
    </Page>
  );
}

/** What merging it lets through, and what stands in the way of that now. */
function Promotes({ promotions }: { readonly promotions: NonNullable<OutputOf<typeof getChange>["promotions"]> }): ReactNode {
  return (
    <Section title="What it promotes" count={promotions.length}>
      {promotions.map(({ id, entityRef, number, state, gates }) => (
        <div key={id}>
          <p>
            <EntityLink entityRef={entityRef} tab="deploys" />{" "}
            <Link to="/promotions/$id" params={{ id }}>
              release {number}
            </Link>{" "}
            <PromotionBadge state={state} />
          </p>
          <ul className={classes.changeGates}>
            {gates.map(({ name, title, verdict, why, overridden }) => (
              <li key={name}>
                <StateBadge
                  plain
                  word={verdict}
                  state={overridden === undefined ? GATE_TONES[verdict] : "warn"}
                  label={overridden === undefined ? GATE_WORDS[verdict] : "let pass"}
                />{" "}
                <b>{title}</b> <span className="rb-dim">{why}</span>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </Section>
  );
}

const STATE_WORDS: Readonly<Record<Change["state"], string>> = {
  ready: "In Git nothing stands in the way of merging it.",
  conflicting: "Settle each file in conflict here, or push to the branch; then it can be merged.",
  behind: "The repository has moved on since: it has to be made anew, or brought up to date by a push.",
  merged: "",
  closed: "",
};

function Settle({ id, conflict: { path, reason, ours, theirs } }: { readonly id: string; readonly conflict: ChangeConflict }): ReactNode {
  const resolve = useAct(resolveChange, { touches: DELIVERY_AND_PATHS });
  return (
    <span className={classes.settle}>
      <span data-state="fail">{reason}</span>
      <Button size="compact-xs" variant="default" loading={resolve.isPending} onClick={() => resolve.mutate({ id, path, take: "ours" })}>
        {ours === undefined ? "Leave it deleted" : "Keep what is here"}
      </Button>
      <Button size="compact-xs" variant="default" loading={resolve.isPending} onClick={() => resolve.mutate({ id, path, take: "theirs" })}>
        {theirs === undefined ? "Remove it" : "Take the path's"}
      </Button>
      {resolve.error !== null && <ErrorState error={resolve.error} />}
    </span>
  );
}

function Acts({ change: { id, state, head } }: { readonly change: Change }): ReactNode {
  const merge = useAct(mergeChange, { touches: DELIVERY_AND_PATHS });
  const close = useAct(closeChange, { touches: DELIVERY_AND_PATHS });
  if (state === "merged" || state === "closed") return null;
  const error = merge.error ?? close.error;
  return (
    <Group gap="xs">
      <Button
        leftSection={<GitMerge size={14} aria-hidden />}
        disabled={state !== "ready"}
        loading={merge.isPending}
        onClick={() => merge.mutate({ id, head })}
      >
        Merge
      </Button>
      <Button variant="default" loading={close.isPending} onClick={() => close.mutate({ id })}>
        Close
      </Button>
      {error !== null && <ErrorState error={error} />}
    </Group>
  );
}
