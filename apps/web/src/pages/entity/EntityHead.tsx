import type { ReactNode } from "react";

import { getKind } from "@roadbed/contracts/catalog/kinds";
import { useOperation } from "../../api/use-operation.ts";
import { OnCallLine } from "../ownership/OnCallLine.tsx";
import { TrustMark } from "../../facts/TrustMark.tsx";
import { useAsOf } from "../../ui/AsOf.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { iconOfKind, isBuiltInKind } from "../../ui/entity-kind.ts";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { SampleTag, Tag } from "../../ui/Tag.tsx";
import classes from "./entity.module.css";
import { healthOf } from "./health.ts";
import type { KnownEntity } from "./use-entity.ts";

/** Name, kind, owner, lifecycle, health. */
export function EntityHead({ known }: { readonly known: KnownEntity }): ReactNode {
  const { entity, kind, owner, view, name } = known;
  const own = useOperation(getKind, { name: entity.kind }, { enabled: !isBuiltInKind(kind), staleTime: 5 * 60_000 });
  const asOf = useAsOf();
  const Icon = iconOfKind(kind, own.data?.icon);
  const health = healthOf(known);
  const spec = entity.spec ?? {};
  return (
    <span className={classes.head}>
      <Icon size={20} aria-hidden className={classes.headIcon} />
      <span>{entity.metadata.title ?? name}</span>
      <span className={classes.headMarks}>
        {kind === "component" && <StateBadge word={health.word} title={health.why} />}
        <Tag>{typeof spec["type"] === "string" ? `${kind} · ${spec["type"]}` : kind}</Tag>
        {typeof spec["lifecycle"] === "string" && <Tag title="Lifecycle">{spec["lifecycle"]}</Tag>}
        {view.provenance.sample && <SampleTag />}
        {view.provenance.orphan && <StateBadge word="warn" label="orphan" title="Its source no longer names it" />}
        <span className={classes.headOwner}>{owner === undefined ? hasOwner(kind) && "no owner" : <EntityLink entityRef={owner} />}</span>
        {kind !== "user" && asOf === undefined && <OnCallLine entityRef={known.ref} />}
        {view.trust !== undefined && <TrustMark entityRef={known.ref} trust={view.trust} />}
      </span>
    </span>
  );
}

function hasOwner(kind: string): boolean {
  return ["component", "api", "resource", "system", "domain", "template"].includes(kind);
}
