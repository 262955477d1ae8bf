import { Button, Group, Select } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { RotateCw } from "lucide-react";
import { useState, type ReactNode } from "react";

import {
  changeResource,
  checkResource,
  destroyResource,
  retryResource,
  revealResource,
  showResource,
  type ResourceDetail,
} from "@roadbed/contracts/paths/resources";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { Actor } from "../../ui/Actor.tsx";
import { Confirm } from "../../ui/Confirm.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import { factWords } from "./fact-words.ts";
import classes from "./resources.module.css";
import { costWords, ResourceBadge } from "./words.tsx";

const route = getRouteApi("/app/resources/$id");
const POLL_MS = 3_000;

/** One provisioned resource: what it is, how it is, who uses it, and what can be done to it. */
export function ResourcePage(): ReactNode {
  const { id } = route.useParams();
  const found = useOperation(showResource, { resource: id }, { every: POLL_MS });
  const check = useAct(checkResource);
  if (found.data === undefined) {
    return (
      <Page title="Resource" trail={<Link to="/resources">Resources</Link>}>
        {found.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={found.error} retry={() => void found.refetch()} />}
      </Page>
    );
  }
  const of = found.data;
  return (
    <Page
      title={
        <>
          {of.name} <ResourceBadge of={of} />
        </>
      }
      tabTitle={`${of.name}, resource`}
      trail={<Link to="/resources">Resources</Link>}
      state={
        <>
          {of.classTitle ?? `${of.type}/${of.class}`} in {of.environment}. {of.seenWords}
          {of.readAt !== undefined && (
            <>
              , looked at <When at={of.readAt} />
            </>
          )}
        </>
      }
      act={
        of.state !== "destroyed" && (
          <Button
            variant="default"
            leftSection={<RotateCw size={14} aria-hidden />}
            loading={check.isPending}
            onClick={() => check.mutate({ resource: id })}
          >
            Look now
          </Button>
        )
      }
    >
      {check.error !== null && <ErrorState error={check.error} />}
      {of.error !== undefined && (
        <p data-state="fail" role="alert">
          {of.error}
        </p>
      )}
      <div className={classes.columns}>
        <div>
          <Drift of={of} />
          <Section title="What happened to it" count={of.history.length}>
            <ul className={classes.list}>
              {of.history.map(({ at, actor, words, failed }, index) => (
                // Lines have no names of their own, and only ever come on top.
                <li key={of.history.length - index}>
                  <span className={classes.grow} data-state={failed ? "fail" : undefined}>
                    {words}
                  </span>
                  <Actor of={actor} /> <When at={at} />
                </li>
              ))}
            </ul>
          </Section>
        </div>
        <div>
          <Section title="About">
            <Facts
              of={[
                ["Type and class", `${of.type}/${of.class}`],
                ["Environment", of.environment],
                ["Owner", <EntityLink key="owner" entityRef={of.owner} />],
                ["Used by", of.consumer === undefined ? undefined : <EntityLink key="consumer" entityRef={of.consumer} />],
                ["In the catalogue", <EntityLink key="entity" entityRef={of.entityRef} found={of.state !== "destroyed"} />],
                ["Made by", of.provisioner],
                ["A month", `${costWords(of.cost)}${of.cost === undefined ? "" : ` (${of.cost.source}, ${of.cost.date})`}`],
                ...factWords(of.facts),
                [
                  "Run",
                  of.runId === undefined ? undefined : (
                    <Link key="run" to="/runs/$id" params={{ id: of.runId }}>
                      the run that requested it
                    </Link>
                  ),
                ],
                [
                  "Decision",
                  of.decisionId === undefined ? undefined : (
                    <Link key="decision" to="/standards/decisions/$id" params={{ id: of.decisionId }}>
                      what policies said
                    </Link>
                  ),
                ],
              ]}
            />
          </Section>
          {of.promises.length > 0 && (
            <Section title="Promises">
              <ul className={classes.list}>
                {of.promises.map((promise) => (
                  <li key={promise}>{promise}</li>
                ))}
              </ul>
            </Section>
          )}
          {of.state !== "destroyed" && <Credentials of={of} />}
          {of.state !== "destroyed" && of.yours && <Acts of={of} />}
        </div>
      </div>
    </Page>
  );
}

function Drift({ of }: { readonly of: ResourceDetail }): ReactNode {
  const retry = useAct(retryResource);
  const gone = of.seen === "gone" && of.state === "ready";
  if (of.drift.length === 0 && !gone && of.state !== "failed") return null;
  return (
    <Section
      title={of.state === "failed" ? "It did not come to its end" : "Otherwise than it was made"}
      act={
        of.yours && (
          <Button size="xs" loading={retry.isPending} onClick={() => retry.mutate({ resource: of.id })}>
            {of.state === "failed" ? "Try again" : "Make it as it was wanted"}
          </Button>
        )
      }
    >
      {retry.error !== null && <ErrorState error={retry.error} />}
      <ul className={classes.list}>
        {gone && <li data-state="fail">It is gone.</li>}
        {of.drift.map(({ what, wanted, found }) => (
          <li key={what}>
            <b>{what}</b>
            <span className={classes.grow}>
              {found} <span className="rb-dim">in place of {wanted}</span>
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Shown only when asked for, and not kept: each time is written down. */
function Credentials({ of }: { readonly of: ResourceDetail }): ReactNode {
  const reveal = useAct(revealResource);
  return (
    <Section
      title="Credentials"
      act={
        of.yours &&
        of.state === "ready" &&
        of.variables.length > 0 && (
          <Button
            size="xs"
            variant="default"
            loading={reveal.isPending}
            onClick={() => (reveal.data === undefined ? reveal.mutate({ resource: of.id }) : reveal.reset())}
          >
            {reveal.data === undefined ? "Show" : "Hide"}
          </Button>
        )
      }
    >
      {reveal.error !== null && <ErrorState error={reveal.error} />}
      <ul className={classes.list}>
        {of.variables.length === 0 && <li className="rb-dim">It has none.</li>}
        {of.variables.map((name) => (
          <li key={name}>
            <code className="rb-mono">{name}</code>
            <code className={`rb-mono ${classes.grow}`}>{reveal.data?.variables.find((one) => one.name === name)?.value ?? "•••"}</code>
          </li>
        ))}
      </ul>
      {of.variables.length > 0 && (
        <p className="rb-dim">
          {of.consumer === undefined
            ? "It has no consumer that is given them."
            : "Its consumer's workload gets them as variables at its start."}{" "}
          Who has them shown is written down.
        </p>
      )}
    </Section>
  );
}

function Acts({ of }: { readonly of: ResourceDetail }): ReactNode {
  const [asks, setAsks] = useState(false);
  const [to, setTo] = useState<string | null>(null);
  const change = useAct(changeResource);
  const destroy = useAct(destroyResource);
  const settled = of.state === "ready" || of.state === "failed";
  const error = change.error ?? destroy.error;
  return (
    <Section title="Change it">
      {error !== null && <ErrorState error={error} />}
      {of.classes.length > 0 && (
        <Group gap="xs" align="flex-end" mb="sm">
          <Select label="Another class" data={of.classes} value={to} onChange={setTo} size="xs" />
          <Button
            size="xs"
            variant="default"
            disabled={to === null || !settled}
            loading={change.isPending}
            onClick={() => to !== null && change.mutate({ resource: of.id, class: to })}
          >
            Change
          </Button>
        </Group>
      )}
      {of.dependants.length > 0 && (
        <p>
          {of.dependants.map((ref) => (
            <EntityLink key={ref} entityRef={ref} />
          ))}{" "}
          <span className="rb-dim">{of.dependants.length === 1 ? "depends" : "depend"} on it.</span>
        </p>
      )}
      <Button size="xs" variant="default" color="red.9" disabled={of.state === "destroying"} onClick={() => setAsks(true)}>
        Destroy it
      </Button>
      <Confirm
        opened={asks}
        onClose={() => setAsks(false)}
        title={`Destroy ${of.name}`}
        word={of.name}
        act={of.dependants.length > 0 ? "Destroy it although it is used" : "Destroy it"}
        what={
          of.dependants.length > 0
            ? `${of.dependants.join(", ")} still ${of.dependants.length === 1 ? "uses" : "use"} it, and will not find it any more. All that is in it is lost.`
            : "All that is in it is lost; nothing that the catalogue knows depends on it."
        }
        onConfirm={() => destroy.mutate({ resource: of.id, name: of.name, despite: of.dependants.length > 0 })}
      />
    </Section>
  );
}
