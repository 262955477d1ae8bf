import { Link } from "@tanstack/react-router";
import { Route } from "lucide-react";
import type { ReactNode } from "react";

import { listPaths } from "@roadbed/contracts/paths";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { Tag } from "../../ui/Tag.tsx";
import classes from "./create.module.css";

/** The golden paths: what one can make here, and what comes with it. */
export function PathsPage(): ReactNode {
  const paths = useOperation(listPaths, { limit: 200, operation: "create" });
  return (
    <Page
      title="Create"
      state={
        paths.data === undefined
          ? "Choose a golden path."
          : `${formatCount(paths.data.items.length, "golden path")}. You see what would be made, and what policy says, before anything exists.`
      }
      act={
        <>
          <Link to="/write">Write a path</Link> · <Link to="/runs">Runs</Link>
        </>
      }
    >
      <Loaded query={paths} skeleton={<SkeletonRows rows={6} height={72} />}>
        {({ items }) =>
          items.length === 0 ? (
            <NoPaths />
          ) : (
            PURPOSES.map(({ title, fits }) => <PathGroup key={title} title={title} paths={items.filter(({ type }) => fits(type))} />)
          )
        }
      </Loaded>
    </Page>
  );
}

/** What a path makes is a component, or something for one that is there. */
const STARTS = new Set(["service", "worker", "website", "job", "library", "documentation"]);
const PURPOSES = [
  { title: "Start something", fits: (type: string) => STARTS.has(type) },
  { title: "Add to what is there", fits: (type: string) => !STARTS.has(type) },
];

function PathGroup({ title, paths }: { readonly title: string; readonly paths: readonly PathRow[] }): ReactNode {
  if (paths.length === 0) return null;
  return (
    <Section title={title} count={paths.length}>
      <ul className={classes.paths}>
        {paths.map((path) => (
          <PathCard key={path.ref} path={path} />
        ))}
      </ul>
    </Section>
  );
}

function PathCard({
  path: { name, title, description, type, owner, tags, version, deprecatedFrom, expectedMinutes },
}: {
  readonly path: PathRow;
}): ReactNode {
  return (
    <li className={classes.path}>
      <h3>
        <Link to="/create/$path" params={{ path: name }} className={classes.pathLink}>
          {title}
        </Link>
      </h3>
      <p>{description ?? "No description."}</p>
      <div className={classes.pathFoot}>
        <Tag>{type}</Tag>
        {version !== undefined && <Tag>{version}</Tag>}
        {expectedMinutes !== undefined && <span className="rb-dim">about {formatCount(expectedMinutes, "minute")}</span>}
        {deprecatedFrom !== undefined && <span data-state="warn">deprecated from {deprecatedFrom}</span>}
        {tags.map((tag) => (
          <Tag key={tag}>{tag}</Tag>
        ))}
        {owner !== undefined && (
          <span className={classes.pathOwner}>
            by <EntityLink entityRef={owner} kind="group" icon={false} />
          </span>
        )}
      </div>
    </li>
  );
}

function NoPaths(): ReactNode {
  return (
    <EmptyState icon={Route} title="There is no golden path yet">
      A golden path is an entity of kind GoldenPath or Template (Backstage's v1beta3 templates run unchanged). Import a folder or repository
      that has one, and it stands here.
    </EmptyState>
  );
}

type PathRow = OutputOf<typeof listPaths>["items"][number];
