import { Link } from "@tanstack/react-router";
import { Fragment, lazy, Suspense, type ReactNode } from "react";

import { FactMark } from "../../facts/FactMark.tsx";
import { valueWords } from "../../facts/words.ts";
import { formatNumber } from "../../format/number.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { partsOf, relationWords } from "../../ui/entity-kind.ts";
import { Facts } from "../../ui/Facts.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge, StateIcon } from "../../ui/StateBadge.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import { sayValue } from "../kinds/say-value.ts";
import classes from "./entity.module.css";
import { missingOf } from "./missing.ts";
import { Parts } from "./Parts.tsx";
import type { KnownEntity } from "./use-entity.ts";

const LedgerSection = lazy(async () => ({ default: (await import("../ledger/LedgerSection.tsx")).LedgerSection }));

/** Kinds that are made of others: those stand in a table. */
const WHOLES: ReadonlySet<string> = new Set(["system", "domain", "group", "user"]);

/** What it is, how it relates, what runs, and what is missing. */
export function OverviewTab({ known }: { readonly known: KnownEntity }): ReactNode {
  return (
    <div className={classes.columns}>
      <div>
        <Incidents known={known} />
        {WHOLES.has(known.kind) && <Parts known={known} />}
        <Relations known={known} />
        <Running known={known} />
      </div>
      <div>
        <About known={known} />
        {known.asOf === undefined && (
          <Suspense fallback={null}>
            <LedgerSection entityRef={known.ref} />
          </Suspense>
        )}
        {known.asOf === undefined && <Derived known={known} />}
        {known.asOf === undefined && <Missing known={known} />}
      </div>
    </div>
  );
}

function Incidents({ known: { incidents } }: { readonly known: KnownEntity }): ReactNode {
  const open = incidents.filter(({ state }) => state === "open");
  return open.map(({ id, title, severity, openedAt }) => (
    <div key={id} className={classes.incident} role="status">
      <StateIcon word={severity} />
      <div>
        <Link to="/incidents">{title}</Link>
        <span className="rb-dim">
          {" "}
          {severity} incident, open since <When at={openedAt} />
        </span>
      </div>
    </div>
  ));
}

function About({ known }: { readonly known: KnownEntity }): ReactNode {
  const { entity, view, owner, ref, asOf, service, kind } = known;
  const spec = entity.spec ?? {};
  const { provenance } = view;
  const system = view.neighbours.find(({ type }) => type === "partOf");
  const version = entity.metadata.labels?.["version"];
  const said = (property: string, value: ReactNode): ReactNode => (
    <>
      {value}
      {asOf === undefined && <FactMark entityRef={ref} property={property} />}
    </>
  );
  return (
    <Section title="About">
      <Facts
        of={[
          ["Reference", <code className="rb-mono">{ref}</code>],
          ["Owner", owner === undefined ? undefined : said("spec.owner", <EntityLink entityRef={owner} />)],
          [
            "Part of",
            system === undefined
              ? undefined
              : said(systemField(spec), <EntityLink entityRef={system.ref} title={system.title} found={system.found} />),
          ],
          ["Lifecycle", spec["lifecycle"] === undefined ? undefined : said("spec.lifecycle", spec["lifecycle"] as string)],
          ["On call", spec["onCall"] === undefined ? undefined : said("spec.onCall", valueWords(spec["onCall"]))],
          ["Version", version === undefined ? undefined : said("metadata.labels.version", version)],
          [
            "Tags",
            (entity.metadata.tags?.length ?? 0) > 0
              ? said(
                  "metadata.tags",
                  entity.metadata.tags?.map((tag) => <Tag key={tag}>{tag}</Tag>),
                )
              : undefined,
          ],
          ["Service name", kind === "component" && service !== known.name ? <code className="rb-mono">{service}</code> : undefined],
          ["Described in", <SourceOf key="source" provenance={provenance} />],
          ["Read", <When key="read" at={provenance.observedAt} />],
        ]}
      />
    </Section>
  );
}

/** The field that says what a thing is part of. */
function systemField(spec: Readonly<Record<string, unknown>>): string {
  const field = ["system", "domain", "subcomponentOf", "subdomainOf"].find((name) => spec[name] !== undefined);
  return `spec.${field ?? "system"}`;
}

/** What follows from other things, each with how. No value is said, not shown as nought. */
function Derived({ known: { view } }: { readonly known: KnownEntity }): ReactNode {
  if (view.derived.length === 0) return null;
  return (
    <Section title="Derived">
      <Facts
        of={view.derived.map(({ name, title, unit, value, text, fault }) => [
          title ?? name,
          <span key={name} title={fault === undefined ? text : `${text}: ${fault}`}>
            {value === undefined ? <span className="rb-dim">no data</span> : `${sayValue(value)}${unit === undefined ? "" : ` ${unit}`}`}
          </span>,
        ])}
      />
    </Section>
  );
}

function SourceOf({ provenance }: { readonly provenance: KnownEntity["view"]["provenance"] }): ReactNode {
  return (
    <span className="rb-prose">
      <Link to="/sources/$id" params={{ id: provenance.sourceId }}>
        {provenance.sourceName}
      </Link>{" "}
      <span className="rb-dim rb-mono">
        {provenance.location}
        {provenance.line !== undefined && `:${provenance.line}`}
      </span>
    </span>
  );
}

/** In the order in which one asks. */
const ORDER = [
  "dependsOn",
  "consumesApi",
  "providesApi",
  "dependencyOf",
  "apiConsumedBy",
  "apiProvidedBy",
  "hasPart",
  "hasMember",
  "memberOf",
  "ownerOf",
  "childOf",
  "parentOf",
];
const SHOWN = 24;

function Relations({ known: { view, kind } }: { readonly known: KnownEntity }): ReactNode {
  const groups = Map.groupBy(
    view.neighbours.filter(
      ({ type }) => type !== "ownedBy" && type !== "partOf" && !(WHOLES.has(kind) && (type === "hasPart" || type === "ownerOf")),
    ),
    ({ type }) => type,
  );
  const sorted = [...groups].sort(([a], [b]) => rank(a) - rank(b));
  if (sorted.length === 0) return null;
  return (
    <Section title="Relations">
      <dl className={classes.relations}>
        {sorted.map(([type, ends]) => (
          <div key={type}>
            <dt>{relationWords(type)}</dt>
            <dd>
              {ends.slice(0, SHOWN).map(({ ref, title, found, rule }) => (
                <Fragment key={ref}>
                  <EntityLink entityRef={ref} title={title} found={found} />
                  {rule !== undefined && <Tag title={`No document says so: ${rule} made it`}>inferred</Tag>}
                </Fragment>
              ))}
              {view.relationCounts[type]! > SHOWN && (
                <span className="rb-dim">and {formatNumber(view.relationCounts[type]! - SHOWN)} more</span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function rank(type: string): number {
  const index = ORDER.indexOf(type);
  return index < 0 ? ORDER.length : index;
}

const RECENT = 4;

function Running({ known }: { readonly known: KnownEntity }): ReactNode {
  const { workloads, deployments, ref } = known;
  if (workloads.length + deployments.length === 0) return null;
  return (
    <Section
      title="What runs"
      act={
        <Link to="/entities/$kind/$namespace/$name" params={{ ...partsOf(ref) }} search={{ tab: "deploys" }}>
          All deployments
        </Link>
      }
    >
      <ul className={classes.list}>
        {workloads.map(({ environment, health, detail, url, startedAt }) => (
          <li key={environment}>
            <StateBadge word={health} />
            <span>
              in <b>{environment}</b>
              {startedAt !== undefined && (
                <>
                  , since <When at={startedAt} />
                </>
              )}
              {detail !== undefined && <span className="rb-dim">: {detail}</span>}
            </span>
            {url !== undefined && (
              <a href={url} target="_blank" rel="noreferrer" className={classes.end}>
                {url.replace(/^https?:\/\//, "")}
              </a>
            )}
          </li>
        ))}
        {deployments.slice(0, RECENT).map(({ id, status, commit, message, createdAt }) => (
          <li key={id}>
            <StateBadge plain word={status} />
            <span className="rb-truncate">
              <code className="rb-mono">{commit.slice(0, 7)}</code> {message.split("\n")[0]}
            </span>
            <span className={`${classes.end} rb-dim`}>
              <When at={createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Missing({ known }: { readonly known: KnownEntity }): ReactNode {
  const missing = missingOf({
    kind: known.kind,
    ownerKnown: known.owner !== undefined,
    observed: known.observed,
    hasDocs: known.view.hasDocs,
    entity: known.entity,
    dangling: known.view.neighbours.filter(({ found }) => !found).map(({ ref }) => ref),
    repository: known.repository !== undefined,
  });
  if (missing.length === 0) return null;
  return (
    <Section title="What is missing">
      <ul className={classes.missing}>
        {missing.map(({ what, how }) => (
          <li key={what}>
            <b>{what}</b>
            <p>{how}</p>
          </li>
        ))}
      </ul>
    </Section>
  );
}
