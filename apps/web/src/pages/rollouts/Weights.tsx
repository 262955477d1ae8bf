import type { ReactNode } from "react";

import type { Rollout } from "@roadbed/contracts/delivery/rollouts";
import classes from "./rollouts.module.css";

/** How 100 requests are split now. */
export function Weights({ of: { weight, baselineWeight, commit, stableCommit } }: { readonly of: Rollout }): ReactNode {
  const parts = [
    { name: "stable", words: `Release before (${stableCommit.slice(0, 8)})`, share: 100 - weight - baselineWeight },
    { name: "baseline", words: "Release before, started afresh to be compared with", share: baselineWeight },
    { name: "candidate", words: `New release (${commit.slice(0, 8)})`, share: weight },
  ].filter(({ share, name }) => share > 0 || name === "candidate");
  return (
    <figure className={classes.weights}>
      <div className={classes.bar} aria-hidden>
        {parts.map(({ name, share }) => (
          <span key={name} data-arm={name} style={{ flexGrow: share }} />
        ))}
      </div>
      <figcaption>
        {parts.map(({ name, words, share }) => (
          <span key={name}>
            <i data-arm={name} aria-hidden />
            <b>{share} %</b> {words}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
