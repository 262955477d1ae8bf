import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { EntityTrust } from "@roadbed/contracts/catalog";
import { StateIcon } from "../ui/StateBadge.tsx";
import { When } from "../ui/When.tsx";
import { partsOf } from "../ui/entity-kind.ts";
import classes from "./facts.module.css";
import { propertyWords, trustState, trustWords } from "./words.ts";

/** `trust 82 %, owner last confirmed 40 days ago`: as far as the weakest fact goes, leading to all of them. */
export function TrustMark({ entityRef, trust }: { readonly entityRef: string; readonly trust: EntityTrust }): ReactNode {
  const state = trustState({ trust: trust.overall, stale: trust.stale.length > 0 });
  return (
    <Link className={classes.trust} to="/entities/$kind/$namespace/$name" params={{ ...partsOf(entityRef) }} search={{ tab: "facts" }}>
      <StateIcon word={state} state={state} size={13} />
      <span>
        {trustWords(trust.overall)}
        {trust.weakest !== undefined && trust.overall === 0 && `, ${propertyWords(trust.weakest)} is known to be wrong`}
        {trust.weakest !== undefined && trust.overall > 0 && trust.observedAt !== undefined && (
          <>
            , {propertyWords(trust.weakest)} last confirmed <When at={trust.observedAt} />
          </>
        )}
      </span>
    </Link>
  );
}
