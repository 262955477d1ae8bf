import { Button, Group } from "@mantine/core";
import { Hand } from "lucide-react";
import { useState, type ReactNode } from "react";

import type { Source, SourceHold } from "@roadbed/contracts/catalog";
import { approveHold, rejectHold } from "@roadbed/contracts/catalog/connections";
import type { z } from "@roadbed/core";
import { useAct } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { Confirm } from "../../ui/Confirm.tsx";
import { When } from "../../ui/When.tsx";
import { tellDone, tellFault } from "../settings/tell.ts";
import { Samples } from "./TestView.tsx";
import classes from "./sources.module.css";

/** A run that would remove too much: what it would do, and the two answers. */
export function HoldPanel({ source, hold }: { readonly source: Source; readonly hold: z.infer<typeof SourceHold> }): ReactNode {
  const { id, name } = source;
  const [asking, setAsking] = useState(false);
  const approve = useAct(approveHold, {
    onDone: ({ counts }) => tellDone(`${name} was read: ${formatCount(counts.removed, "entity", "entities")} removed.`),
  });
  const reject = useAct(rejectHold, { onDone: ({ kept }) => tellDone(`${formatCount(kept, "entity", "entities")} stay.`) });
  const { samples } = hold;
  return (
    <section className={classes.hold} aria-label="A decision is asked">
      <Hand size={18} aria-hidden />
      <div>
        <h2>The last run changed nothing and asks you</h2>
        <p>
          <When at={hold.at} />: {hold.reason}. A system that says so is more often broken than emptied.
        </p>
        <Samples title="Would be removed" count={hold.removed} items={samples.removed.map((ref) => [ref, undefined])} />
        <Samples title="Would be added" count={hold.added} items={samples.added.map((ref) => [ref, undefined])} />
        <Samples title="Would change" count={hold.changed} items={samples.changed.map((ref) => [ref, undefined])} />
        <Group gap="xs" mt="sm">
          <Button
            variant="default"
            loading={reject.isPending}
            onClick={() => reject.mutate({ id }, { onError: tellFault("It was not rejected") })}
          >
            Keep them
          </Button>
          <Button color="red.9" loading={approve.isPending} onClick={() => setAsking(true)}>
            Let it remove them
          </Button>
        </Group>
      </div>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Remove ${formatCount(hold.removed, "entity", "entities")}?`}
        what="The source is read again. If it still says the same, exactly this is done; if not, it asks anew. The run can be taken back afterwards."
        word={name}
        act="Remove them"
        onConfirm={() => approve.mutate({ id }, { onError: tellFault("Nothing was removed") })}
      />
    </section>
  );
}
