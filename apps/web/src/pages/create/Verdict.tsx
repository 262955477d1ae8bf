import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Finding } from "@roadbed/contracts/standards";
import { formatCount } from "../../format/number.ts";
import { Inline } from "../../ui/Inline.tsx";
import { StateIcon } from "../../ui/StateBadge.tsx";
import classes from "./create.module.css";

/** Policy's verdict first; then each finding with the rule, why it exists and how to mend it. */
export function Verdict({
  verdict,
  findings,
}: {
  readonly verdict: "allow" | "warn" | "deny" | "unknown";
  readonly findings: readonly Finding[];
}): ReactNode {
  const rules = (severity: "deny" | "warn"): number =>
    new Set(findings.filter((one) => one.severity === severity).map(({ policy }) => policy)).size;
  const words = {
    allow: { title: "Policy allows it", text: "All rules that look at this hold." },
    warn: { title: "Policy allows it, with a warning", text: `${formatCount(rules("warn"), "rule")} would be better kept.` },
    deny: { title: "Policy denies it", text: `${formatCount(rules("deny"), "rule")} must be kept first. Nothing was made.` },
    unknown: { title: "Policy cannot say yet", text: "What a rule asks for is known only later. Nothing was made." },
  }[verdict];
  return (
    <section className={classes.verdict} data-verdict={verdict} aria-label="Policy verdict">
      <div className={classes.verdictHead}>
        <StateIcon word={verdict} size={20} />
        <h2>{words.title}</h2>
        <span className="rb-dim">{words.text}</span>
      </div>
      {findings.length > 0 && (
        <ul className={classes.findings}>
          {findings.map((finding, index) => (
            <FindingItem key={index} finding={finding} />
          ))}
        </ul>
      )}
    </section>
  );
}

/** One finding: what, where, why, how to mend, and the rule's own text. */
export function FindingItem({ finding }: { readonly finding: Finding }): ReactNode {
  const { policy, title, severity, result, message, mend, why, expression, resource, file } = finding;
  return (
    <li className={classes.finding}>
      <StateIcon word={severity} />
      <div>
        <div>
          <b>{title}</b> <span className="rb-dim">{placeOf(resource, file)}</span>
        </div>
        <div>
          {result === "error" && "The rule could not be evaluated, which counts as no: "}
          <Inline text={message} />
        </div>
        <div className={classes.mend}>
          <b>Mend:</b> <Inline text={mend} />
        </div>
        <details>
          <summary>The rule, and why it exists</summary>
          <p>
            <Inline text={why} />
          </p>
          <pre tabIndex={0}>{expression}</pre>
          <Link to="/standards/policies/$name" params={{ name: policy }}>
            {policy}
          </Link>
        </details>
      </div>
    </li>
  );
}

/** `Deployment orders, k8s/deployment.yaml`; said once where kind, name and file are one word. */
function placeOf(resource: string, file: string | undefined): string {
  const words = [...new Set(resource.split(" "))].join(" ");
  return file === undefined || words.includes(file) ? words : `${words}, ${file}`;
}
