import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { useActorName } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateIcon } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./home.module.css";
import type { Estate } from "./use-estate.ts";

const SHOWN = 10;

/** Runs and deployments, newest first: what changed explains most of what broke. */
export function RecentChanges({ estate }: { readonly estate: Estate }): ReactNode {
  const changes = changesOf(estate, useActorName()).slice(0, SHOWN);
  return (
    <Section
      title="Recent changes"
      act={
        <Link to="/delivery" search={{ tab: "deployments" }}>
          All deployments
        </Link>
      }
    >
      {estate.loading ? (
        <SkeletonRows rows={6} height={44} />
      ) : changes.length === 0 ? (
        <EmptyState compact title="Nothing has changed yet" act={<Link to="/create">Create a service</Link>}>
          Deployments and golden-path runs stand here as they happen.
        </EmptyState>
      ) : (
        <ul className={classes.list}>
          {changes.map(({ key, word, title, detail, at }) => (
            <li key={key} className={classes.item}>
              <StateIcon word={word} />
              <div className={classes.itemText}>
                <div className={classes.itemTitle}>{title}</div>
                <div className={classes.itemDetail}>{detail}</div>
              </div>
              <span className={classes.itemAside}>
                <When at={at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

interface Change {
  readonly key: string;
  readonly at: string;
  readonly word: string;
  readonly title: ReactNode;
  readonly detail: string;
}

function changesOf({ runs, deployments }: Estate, nameOf: (actor: string) => string): readonly Change[] {
  const ofRuns = runs.map(({ id, status, pathTitle, actor, createdAt }) => ({
    key: id,
    at: createdAt,
    word: status,
    title: (
      <Link to="/runs/$id" params={{ id }}>
        {pathTitle}
      </Link>
    ),
    detail: `run ${status}, by ${nameOf(actor)}`,
  }));
  const ofDeployments = deployments.map(({ id, entityRef, status, environment, commit, message, createdAt }) => ({
    key: id,
    at: createdAt,
    word: status,
    title: <EntityLink entityRef={entityRef} icon={false} tab="deploys" />,
    detail: `${commit.slice(0, 7)} to ${environment}: ${message.split("\n")[0] ?? ""}`,
  }));
  return [...ofRuns, ...ofDeployments].sort((a, b) => b.at.localeCompare(a.at));
}
