import { Button } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { Policy } from "@roadbed/contracts/standards";
import { listStages, removeStage } from "@roadbed/contracts/standards/stages";
import { listWaivers } from "@roadbed/contracts/standards/waivers";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { Actor } from "../../ui/Actor.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { MOMENT_WORDS, SEVERITY_WORDS } from "./policy-words.ts";
import { RequestWaiver } from "./RequestWaiver.tsx";
import { StageDialog } from "./StageDialog.tsx";
import classes from "./standards.module.css";
import { WaiverList } from "./WaiverList.tsx";

/** Where a policy holds now and from which day on it will do something else. */
export function PolicyStages({ policy: { name, points, announced } }: { readonly policy: Policy }): ReactNode {
  const [switching, setSwitching] = useState(false);
  const stages = useOperation(listStages, { policy: name, limit: 20 });
  const remove = useAct(removeStage, { touches: ["standards"] });
  return (
    <Section
      title="Where it holds"
      act={
        <Button size="xs" variant="default" onClick={() => setSwitching(true)}>
          Switch…
        </Button>
      }
    >
      {points.length === 0 && <p className="rb-dim">Nowhere: it is off.</p>}
      <ul className={classes.points}>
        {points.map(({ moment, action }) => (
          <li key={moment}>
            <StateBadge plain word={action} label={SEVERITY_WORDS[action]} /> <span>{MOMENT_WORDS[moment]}</span>
            {announced
              .filter((one) => one.moment === moment)
              .map((one) => (
                <span key={one.from} className="rb-dim">
                  {" "}
                  · from <When at={one.from} /> it {one.action === "off" ? "is asked no more" : SEVERITY_WORDS[one.action]}
                </span>
              ))}
          </li>
        ))}
      </ul>
      {(stages.data?.items ?? []).map(({ id, action, state, from, setBy, reason, moments }) => (
        <p key={id} className={classes.stage}>
          <Actor of={setBy} /> set it to <b>{action}</b> {moments === undefined ? "everywhere" : `at ${moments.join(", ")}`}, from{" "}
          <When at={from} /> ({state}){reason !== undefined && `: ${reason}`}
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => remove.mutate({ id })} loading={remove.isPending}>
            Take back
          </Button>
        </p>
      ))}
      {remove.error !== null && <ErrorState error={remove.error} />}
      {switching && <StageDialog of={{ policy: name }} onClose={() => setSwitching(false)} />}
    </Section>
  );
}

/** Who deviates from a policy, and who asks to. */
export function PolicyWaivers({ name }: { readonly name: string }): ReactNode {
  const [asking, setAsking] = useState(false);
  const list = useOperation(listWaivers, { policy: name, limit: 50 });
  const waivers = (list.data?.items ?? []).filter(({ state }) => state === "requested" || state === "approved");
  return (
    <Section
      title="Waivers"
      count={formatCount(waivers.length, "waiver")}
      act={
        <Button size="xs" variant="default" onClick={() => setAsking(true)}>
          Ask for a waiver…
        </Button>
      }
    >
      {list.error !== null && <ErrorState error={list.error} />}
      {waivers.length === 0 ? <p className="rb-dim">Nobody deviates from it.</p> : <WaiverList waivers={waivers} withPolicy={false} />}
      {asking && <RequestWaiver policy={name} onClose={() => setAsking(false)} />}
    </Section>
  );
}
