import { Button, Group, TextInput } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { getCheck, listChecks, overrideCheck, runCheck, type ChangeCheck } from "@roadbed/contracts/standards/checks";
import type { FileFinding } from "@roadbed/contracts/standards/files";
import type { OutputOf } from "@roadbed/core";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Inline } from "../../ui/Inline.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";
import classes from "../scorecards/scorecards.module.css";
import { SEVERITY_WORDS, VERDICT_WORDS } from "./policy-words.ts";

const route = getRouteApi("/app/standards/checks/$id");

type Known = OutputOf<typeof getCheck>;

/** What the policies say of one commit of a proposed change. */
export function CheckPage(): ReactNode {
  const { id } = route.useParams();
  const check = useOperation(getCheck, { id });
  const again = useAct(runCheck, { touches: ["standards"] });
  const trail = <Link to="/standards">Policies</Link>;
  const known = check.data;
  if (known === undefined) {
    return (
      <Page title="Check" trail={trail}>
        {check.error === null ? <SkeletonRows rows={8} /> : <ErrorState error={check.error} retry={() => void check.refetch()} />}
      </Page>
    );
  }
  return (
    <Page
      title={
        known.system === "embedded" ? `Check of a change of ${known.repository}` : `Check of ${known.repository}, change ${known.change}`
      }
      trail={trail}
      state={
        <>
          {sayCheck(known)}{" "}
          {known.system === "embedded" && (
            <Link to="/delivery/changes/$id" params={{ id: known.change }}>
              The change.
            </Link>
          )}{" "}
          Commit {known.head.slice(0, 8)}, <When at={known.changedAt} />
        </>
      }
      act={
        known.state !== "superseded" && (
          <Button size="xs" variant="default" loading={again.isPending} onClick={() => again.mutate({ id })}>
            Check again
          </Button>
        )
      }
    >
      {again.error !== null && <ErrorState error={again.error} />}
      {known.override !== undefined && (
        <p>
          {known.override.by} lets it be merged though it cannot be checked: “{known.override.reason}” <When at={known.override.at} />
        </p>
      )}
      {isNotChecked(known) && known.override === undefined && <Override id={id} />}
      <Findings result={known.result} />
    </Page>
  );
}

function isNotChecked({ state, verdict, result }: Known): boolean {
  if (state === "failed") return true;
  const denied = (result?.findings ?? []).some((one) => one.introduced && one.severity === "deny" && one.waiver === undefined);
  return state === "done" && verdict === "unknown" && !denied;
}

/** An administrator lets it through, and says why: everybody sees it. */
function Override({ id }: { readonly id: string }): ReactNode {
  const [reason, setReason] = useState("");
  const act = useAct(overrideCheck, { touches: ["standards"] });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate({ id, reason });
      }}
    >
      <Group gap="xs" align="flex-end" mb="md">
        <TextInput
          label="Let it be merged unchecked"
          description="Administrators may. It is shown here, and in the audit."
          placeholder="Why"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          w="min(100%, 420px)"
        />
        <Button type="submit" variant="default" color="red" loading={act.isPending} disabled={reason.trim().length < 3}>
          Let it through
        </Button>
      </Group>
      {act.error !== null && <ErrorState error={act.error} />}
    </form>
  );
}

/** The newest check of a change at the embedded host, on the page of the change. */
export function ChecksOf({ change }: { readonly change: string }): ReactNode {
  const list = useOperation(listChecks, { change, limit: 1 });
  const newest = list.data?.items[0];
  const check = useOperation(getCheck, { id: newest?.id ?? "" }, { enabled: newest !== undefined });
  if (newest === undefined) return null;
  return (
    <Section
      title="Policies"
      act={
        <Link to="/standards/checks/$id" params={{ id: newest.id }}>
          The check
        </Link>
      }
    >
      <p>
        <StateBadge
          plain
          word={newest.verdict ?? newest.state}
          label={newest.verdict === undefined ? newest.state : VERDICT_WORDS[newest.verdict]}
        />{" "}
        {sayCheck(newest)}
      </p>
      {newest.introduced + newest.unread > 0 && <Findings result={check.data?.result} />}
    </Section>
  );
}

function sayCheck({ state, verdict, introduced, known, mended, reason, override }: ChangeCheck): string {
  if (state === "waiting") return `It is being checked.${reason === undefined ? "" : ` ${reason}`}`;
  if (state === "superseded") return "A newer commit was checked instead.";
  if (state === "done" && verdict === "unknown" && introduced === 0)
    return `Not all that the change brings can be checked.${override === undefined ? " It is not merged until it can." : ` ${override.by} lets it be merged all the same.`}`;
  if (state === "failed") return `It could not be checked: ${reason ?? "nobody knows why"}`;
  const brings =
    introduced === 0 ? "The change brings nothing that a policy finds." : `The change brings ${formatCount(introduced, "finding")}.`;
  const stops = verdict === "deny" ? " It is not merged while they stand." : "";
  const rest = known > 0 ? ` ${formatCount(known, "finding")} of before it stop nobody.` : "";
  return `${brings}${stops}${mended > 0 ? ` It mends ${mended}.` : ""}${rest}`;
}

function Findings({ result }: { readonly result: Known["result"] }): ReactNode {
  if (result === undefined) return null;
  const introduced = result.findings.filter((one) => one.introduced);
  return (
    <>
      {introduced.length === 0 ? (
        <p className="rb-dim">The change brings nothing that a policy finds.</p>
      ) : (
        <ul className={`${classes.steps} ${classes.findings}`}>
          {introduced.map((finding) => (
            <Finding key={finding.fingerprint} finding={finding} />
          ))}
        </ul>
      )}
      {result.unread.length > 0 && (
        <>
          <h3>Not judged</h3>
          <ul>
            {result.unread.map(({ file, line, reason, mend }) => (
              <li key={`${file} ${line} ${reason}`}>
                <code className="rb-mono">{file}</code> {reason}. <span className="rb-dim">{mend}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Finding({ finding }: { readonly finding: FileFinding }): ReactNode {
  const { severity, waiver, file, line, resource, environment, policy, title, message, mend, suggestion } = finding;
  return (
    <li>
      <span className={classes.effort}>
        {waiver ? <Tag>waived</Tag> : <StateBadge plain word={severity} label={SEVERITY_WORDS[severity]} />}
      </span>
      <div>
        <Link className={classes.stepTitle} to="/standards/policies/$name" params={{ name: policy }}>
          {title}
        </Link>
        <p className="rb-dim">
          <code className="rb-mono">
            {file}:{line}
          </code>{" "}
          {resource}
          {environment !== undefined && ` in ${environment}`}
        </p>
        <p>
          <Inline text={message} />
        </p>
        {mend !== "" && (
          <p className="rb-dim">
            <Inline text={mend} />
          </p>
        )}
        {suggestion !== undefined && (
          <p>
            Line {suggestion.line} as it should be: <code className="rb-mono">{suggestion.text.trim()}</code>
          </p>
        )}
      </div>
    </li>
  );
}
