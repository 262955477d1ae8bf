import type { ReactNode } from "react";

import type { verifyAudit } from "@roadbed/contracts/identity";
import type { OutputOf } from "@roadbed/core";
import { CopyText } from "../../ui/Copy.tsx";
import { StateIcon } from "../../ui/StateBadge.tsx";
import classes from "./settings.module.css";
import { sentenceOfChain } from "./chain.ts";

/** The chain's verdict in a sentence; its head can be kept elsewhere and compared later. */
export function ChainVerdict({ verdict }: { readonly verdict: OutputOf<typeof verifyAudit> }): ReactNode {
  return (
    <div className={classes.chain} data-ok={verdict.ok} role="status">
      <StateIcon word={verdict.ok ? "ok" : "failed"} size={18} />
      <div>
        <strong>{sentenceOfChain(verdict)}</strong>
        {verdict.reason !== undefined && <p>{verdict.reason}</p>}
        {verdict.head !== undefined && (
          <p className="rb-dim">
            Head: <CopyText text={verdict.head} what="head" /> Keep it elsewhere to prove later that nothing before this moment was changed.
          </p>
        )}
      </div>
    </div>
  );
}
