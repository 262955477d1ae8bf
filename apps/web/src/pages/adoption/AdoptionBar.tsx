import type { ReactNode } from "react";

import type { ListedCapability } from "@roadbed/contracts/product/adoption";
import classes from "./adoption.module.css";

const HOWS = ["voluntary", "mandated", "unknown"] as const;
const WORDS = { voluntary: "by choice", mandated: "mandated", unknown: "not known how", "not-yet": "eligible, not active" } as const;

/** Who uses a capability of all who could, by how they came to it. */
export function AdoptionBar({ title, counts }: { readonly title: ReactNode; readonly counts: ListedCapability["counts"] }): ReactNode {
  const said = `${HOWS.map((how) => `${counts[how]} ${WORDS[how]}`).join(", ")}, of ${counts.eligible} eligible`;
  return (
    <div className={classes.bar} title={said}>
      <span className="rb-truncate">{title}</span>
      <span className={classes.track} role="img" aria-label={said}>
        {HOWS.map((how) => (
          <span
            key={how}
            className={classes.part}
            data-how={how}
            style={{ width: `${counts.eligible === 0 ? 0 : (100 * counts[how]) / counts.eligible}%` }}
          />
        ))}
      </span>
      <span className={classes.count}>
        {counts.active} of {counts.eligible}
      </span>
    </div>
  );
}

export function AdoptionLegend(): ReactNode {
  return (
    <div className={classes.legend}>
      {([...HOWS, "not-yet"] as const).map((how) => (
        <span key={how}>
          <span className={classes.swatch} data-how={how} aria-hidden />
          {WORDS[how]}
        </span>
      ))}
    </div>
  );
}
