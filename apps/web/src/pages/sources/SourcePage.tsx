import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { RefreshCw, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";

import { deleteSource, getSource, syncSource, type Source } from "@roadbed/contracts/catalog";
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
import { ProblemTable } from "./ProblemTable.tsx";
import { SyncTable } from "./SyncTable.tsx";
import classes from "./sources.module.css";
import { KINDS, wordOfState } from "./words.ts";

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
            <About source={data.source} />
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
              <SyncTable syncs={data.syncs} />
            </Section>
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

function About({ source: { kind, target, watch, lastError, id } }: { readonly source: Source }): ReactNode {
  return (
    <>
      {lastError !== undefined && <ErrorState error={new Error(lastError)} />}
      <Section title="About">
        <Facts
          of={[
            ["Kind", KINDS[kind]],
            ["Read from", <CopyText key="target" text={target} what={kind === "folder" ? "path" : "address"} />],
            ["Follows changes", watch ? "Yes" : "No: it is read when somebody asks"],
            ["Source", <CopyText key="id" text={id} what="source's id" />],
            ["By command", <CopyText key="command" text={`npx roadbed source sync ${id}`} what="command" />],
          ]}
        />
      </Section>
    </>
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
