import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Part, PartKind, Release } from "@roadbed/contracts/delivery/releases";
import { CopyButton } from "../../ui/Copy.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { shortRef } from "../../ui/entity-kind.ts";
import classes from "./releases.module.css";

export const KIND_WORDS: Readonly<Record<PartKind, string>> = {
  commit: "Commit",
  image: "Image",
  chart: "Chart",
  model: "Model",
  prompt: "Prompt",
  agent: "Agent",
  "evaluation-set": "Evaluation set",
};

export const HOW_WORDS: Readonly<Record<Release["how"], string>> = {
  push: "from a push",
  hand: "made by hand",
  git: "read back from Git",
};

/** `orders 12`, leading to the release. */
export function ReleaseLink({
  release: { id, entityRef, number },
}: {
  readonly release: Pick<Release, "id" | "entityRef" | "number">;
}): ReactNode {
  return (
    <Link to="/releases/$release" params={{ release: id }}>
      {shortRef(entityRef)} {number}
    </Link>
  );
}

/** A version as people read it; the whole of it on hover and to copy. */
export function Version({ part: { kind, version, digest } }: { readonly part: Pick<Part, "kind" | "version" | "digest"> }): ReactNode {
  const shown = kind === "commit" ? version.slice(0, 8) : version;
  return (
    <span className={classes.version}>
      <code className="rb-mono" title={version}>
        {shown}
      </code>
      {digest !== undefined && (
        <code className="rb-mono rb-dim" title={digest}>
          {digest.slice(7, 19)}
        </code>
      )}
      <CopyButton text={digest ?? version} what={digest === undefined ? "version" : "digest"} />
    </span>
  );
}

/** Where it is what runs. */
export function Places({ of }: { readonly of: Release["in"] }): ReactNode {
  if (of.length === 0) return <span className="rb-dim">nowhere now</span>;
  return (
    <span className={classes.places}>
      {of.map(({ environment, health }) => (
        <StateBadge plain key={environment} word={health} label={environment} title={`${environment}: ${health}`} />
      ))}
    </span>
  );
}
