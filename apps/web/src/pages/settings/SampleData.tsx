import { Button } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { getSample, removeSample } from "@roadbed/contracts/catalog";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { Confirm } from "../../ui/Confirm.tsx";
import { CopyText } from "../../ui/Copy.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Panel, Section } from "../../ui/Page.tsx";
import { SampleTag } from "../../ui/Tag.tsx";
import type { Me } from "./ProfileTab.tsx";
import { mayScope } from "./scopes.ts";
import classes from "./settings.module.css";
import { tellDone } from "./tell.ts";

/** What the sample estate is, and the way to be rid of it. Shown only while it is there. */
export function SampleData({ me }: { readonly me: Me }): ReactNode {
  const sample = useOperation(getSample, {});
  const [asking, setAsking] = useState(false);
  const remove = useAct(removeSample, {
    touches: ["catalog", "telemetry", "delivery", "paths", "identity"],
    onDone: ({ removedEntities }) =>
      tellDone(`The sample estate is gone: ${formatCount(removedEntities, "entity", "entities")}, with people, telemetry and incidents.`),
  });
  if (sample.data?.loaded !== true) return null;
  const count = formatCount(sample.data.entities, "entity", "entities");
  return (
    <Section title="Sample data">
      <Panel>
        <div className={classes.sample}>
          <div>
            <p>
              <SampleTag /> An invented company fills the pages: {count}, with people, documentation, two weeks of telemetry and incidents.
              A simulator goes on sending requests, by the same door as your own services would.
            </p>
            <p className="rb-dim">
              Removing it takes only what is marked as sample; what you brought or created stays. By command:{" "}
              <CopyText text="npx roadbed sample remove" what="command" />
            </p>
          </div>
          <Button
            variant="default"
            loading={remove.isPending}
            disabled={!mayScope(me.scopes, "catalog:admin")}
            onClick={() => setAsking(true)}
          >
            Remove sample data
          </Button>
        </div>
        {!mayScope(me.scopes, "catalog:admin") && <p className="rb-dim">Only an administrator can remove it.</p>}
        {remove.error !== null && <ErrorState error={remove.error} />}
      </Panel>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title="Remove the sample estate?"
        what={`${count}, their people, documentation, telemetry and incidents are removed, and the simulator stops. Things of yours that name sample entities (an owner, for example) then name something that is not there.`}
        word="sample"
        act="Remove it"
        onConfirm={() => remove.mutate({})}
      />
    </Section>
  );
}
