import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Finding } from "@roadbed/contracts/standards";
import { formatCount } from "../../format/number.ts";
import { StateIcon } from "../../ui/StateBadge.tsx";
import classes from "./create.module.css";

/** Policy's verdict first; then each finding with the rule, why it exists and how to mend it. */
export function Verdict({
  verdict,
  findings,
}: {
  readonly verdict: "allow" | "warn" | "deny";
  readonly findings: readonly Finding[];
}): ReactNode {
  const denials = findings.filter(({ severity }) => severity === "deny").length;
  const words = {
    allow: { title: "Policy allows it", text: "All rules that look at this hold." },
    warn: { title: "Policy allows it, with a warning", text: `${formatCount(findings.length, "rule")} would be better kept.` },
    deny: { title: "Policy denies it", text: `${formatCount(denials, "rule")} must be kept first. Nothing was made.` },
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
          <b>{title}</b>{" "}
          <span className="rb-dim">
            {resource}
            {file !== undefined && `, ${file}`}
          </span>
        </div>
        <div>{result === "error" ? `The rule could not be evaluated, which counts as no: ${message}` : message}</div>
        <div className={classes.mend}>
          <b>Mend:</b> {mend}
        </div>
        <details>
          <summary>The rule, and why it exists</summary>
          <p>{why}</p>
          <pre tabIndex={0}>{expression}</pre>
          <Link to="/standards/policies/$name" params={{ name: policy }}>
            {policy}
          </Link>
        </details>
      </div>
    </li>
  );
}
