import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Pause, Play, RefreshCw, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";

import { deleteSource, getSource, syncSource, type Source } from "@roadbed/contracts/catalog";
import { pauseSource, resumeSource } from "@roadbed/contracts/catalog/connections";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount, formatNumber } from "../../format/number.ts";
import { Confirm } from "../../ui/Confirm.tsx";
import { CopyText } from "../../ui/Copy.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { SampleTag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import { tellDone, tellFault } from "../settings/tell.ts";
import { HoldPanel } from "./HoldPanel.tsx";
import { ProblemTable } from "./ProblemTable.tsx";
import { QuarantineList } from "./QuarantineList.tsx";
import { SourceMapping } from "./SourceMapping.tsx";
import { SyncTable } from "./SyncTable.tsx";
import { WebhookPanel } from "./WebhookPanel.tsx";
import classes from "./sources.module.css";
import { KINDS, wordOfSchedule, wordOfState } from "./words.ts";

const route = getRouteApi("/app/sources/$id");

/** One source: whether it reads, what it cannot read and how to mend that, and how its readings went. */
export function SourcePage(): ReactNode {
  const { id } = route.useParams();
  const detail = useOperation(getSource, { id });
  const source = detail.data?.source;
  return (
    <Page
      title={source === undefined ? "Source" : <Title source={source} />}
      tabTitle={source?.name ?? "Source"}
      trail={<Link to="/sources">Sources</Link>}
      state={source === undefined ? (detail.error === null ? "Reading…" : undefined) : sentenceOf(source)}
      act={source !== undefined && <Acts source={source} />}
    >
      <Loaded query={detail} skeleton={<SkeletonRows rows={10} />}>
        {(data) => (
          <>
            {data.hold !== undefined && <HoldPanel source={data.source} hold={data.hold} />}
            <About source={data.source} />
            <QuarantineList sourceId={id} count={data.source.quarantined} />
            <Section title="Problems" count={data.problems.length > 0 ? formatNumber(data.problems.length) : undefined}>
              {data.problems.length > 0 ? (
                <ProblemTable problems={data.problems} />
              ) : (
                <EmptyState compact title={data.source.state === "failed" ? "It could not be read at all" : "No problem"}>
                  {data.source.state === "failed"
                    ? "The reason stands above. Mend it, then read the source again."
                    : "A descriptor that does not fit would stand here with its file, line, reason and mend; everything else is taken all the same."}
                </EmptyState>
              )}
            </Section>
            <Section title="Readings" count={data.syncs.length > 0 ? formatNumber(data.syncs.length) : undefined}>
              <SyncTable source={data.source} syncs={data.syncs} />
            </Section>
            {data.settings["mapping"] !== undefined && <SourceMapping id={id} mapping={data.settings["mapping"]} />}
            {data.source.kind !== "inline" && <WebhookPanel id={id} path={data.hookPath} ready={data.hookReady} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Title({ source: { name, sample, state } }: { readonly source: Source }): ReactNode {
  return (
    <span className={classes.title}>
      {name} <StateBadge word={state} label={wordOfState(state)} /> {sample && <SampleTag />}
    </span>
  );
}

function sentenceOf({ entities, problems, lastSyncAt }: Source): ReactNode {
  return (
    <>
      {formatCount(entities, "entity", "entities")}, {problems === 0 ? "no problem" : formatCount(problems, "problem")}
      {lastSyncAt === undefined ? (
        ", never read"
      ) : (
        <>
          , read <When at={lastSyncAt} />
        </>
      )}
    </>
  );
}

function About({ source }: { readonly source: Source }): ReactNode {
  const { kind, target, lastError, id, connector, budget, thresholdPercent } = source;
  return (
    <>
      {lastError !== undefined && <ErrorState error={new Error(lastError)} />}
      <Section title="About">
        <Facts
          of={[
            ["Kind", connector ?? KINDS[kind]],
            ["Read from", <CopyText key="target" text={target} what={kind === "folder" ? "path" : "address"} />],
            ["Read by itself", <Schedule key="schedule" source={source} />],
            [
              "Calls left",
              budget && (
                <>
                  {formatNumber(budget.remaining)} of {formatNumber(budget.limit)} until <When at={budget.resetAt} />
                </>
              ),
            ],
            [
              "Asks before it",
              kind === "inline" ? undefined : `removes more than ${thresholdPercent} % (and more than five), or everything`,
            ],
            ["Source", <CopyText key="id" text={id} what="source's id" />],
            ["By command", <CopyText key="command" text={`npx roadbed source sync ${id}`} what="command" />],
          ]}
        />
      </Section>
    </>
  );
}

function Schedule({ source }: { readonly source: Source }): ReactNode {
  const { pausedAt, pausedReason, everyMinutes, nextRunAt } = source;
  if (pausedAt !== undefined) {
    return (
      <>
        Paused since <When at={pausedAt} />
        {pausedReason !== undefined && `: ${pausedReason}`}
      </>
    );
  }
  if (everyMinutes === undefined) return wordOfSchedule(source);
  return (
    <>
      Every {formatCount(everyMinutes, "minute")}
      {nextRunAt !== undefined && (
        <>
          , next <When at={nextRunAt} />
        </>
      )}
    </>
  );
}

/** Stops and goes on reading by itself. */
function PauseButton({ source: { id, name, pausedAt } }: { readonly source: Source }): ReactNode {
  const pause = useAct(pauseSource, { onDone: () => tellDone(`${name} is paused.`) });
  const resume = useAct(resumeSource, { onDone: () => tellDone(`${name} is read by itself again.`) });
  return pausedAt === undefined ? (
    <Button
      variant="default"
      leftSection={<Pause size={14} aria-hidden />}
      loading={pause.isPending}
      onClick={() => pause.mutate({ id }, { onError: tellFault(`${name} was not paused`) })}
    >
      Pause
    </Button>
  ) : (
    <Button
      variant="default"
      leftSection={<Play size={14} aria-hidden />}
      loading={resume.isPending}
      onClick={() => resume.mutate({ id }, { onError: tellFault(`${name} was not resumed`) })}
    >
      Resume
    </Button>
  );
}

function Acts({ source }: { readonly source: Source }): ReactNode {
  const { id, name, entities, sample } = source;
  const navigate = route.useNavigate();
  const [asking, setAsking] = useState(false);
  const sync = useAct(syncSource, {
    touches: ["catalog", "paths"],
    onDone: ({ counts, problems }) =>
      tellDone(
        `${name} was read: ${formatCount(counts.read, "entity", "entities")}, ${problems.length === 0 ? "no problem" : formatCount(problems.length, "problem")}.`,
      ),
  });
  const remove = useAct(deleteSource, {
    touches: ["catalog.entity", "catalog.search", "paths"],
    onDone: ({ removedEntities }) => {
      tellDone(`${name} is forgotten; ${formatCount(removedEntities, "entity", "entities")} went with it.`);
      void navigate({ to: "/sources" });
    },
  });
  return (
    <>
      {sample ? (
        <LinkButton to="/settings" search={{ tab: "about" }} variant="default">
          Remove the sample estate
        </LinkButton>
      ) : (
        <Button variant="default" leftSection={<Trash2 size={14} aria-hidden />} loading={remove.isPending} onClick={() => setAsking(true)}>
          Forget
        </Button>
      )}
      {source.kind !== "inline" && <PauseButton source={source} />}
      <Button
        leftSection={<RefreshCw size={14} aria-hidden />}
        loading={sync.isPending}
        onClick={() => sync.mutate({ id }, { onError: tellFault(`${name} was not read`) })}
      >
        Read again now
      </Button>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Forget ${name}?`}
        what={`Roadbed stops reading it and removes the entities that only it names: ${formatCount(entities, "entity", "entities")} at most, with their relations and documentation. The files themselves are not touched; bring the source again and they come back.`}
        word={name}
        act="Forget it"
        onConfirm={() => remove.mutate({ id }, { onError: tellFault(`${name} was not forgotten`) })}
      />
    </>
  );
}
