import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { handOver, previewHandOver } from "@roadbed/contracts/catalog/ownership";
import { toWords } from "../../api/errors.ts";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { OwnerSelect } from "./OwnerSelect.tsx";
import classes from "./ownership.module.css";

/** All that somebody owns goes to another: first shown, then done in one act. */
export function HandOverDialog({ from: given, onClose }: { readonly from?: string; readonly onClose: () => void }): ReactNode {
  const [from, setFrom] = useState(given);
  const [to, setTo] = useState<string>();
  const [reason, setReason] = useState("");
  const pick = { from: from ?? "", to: to ?? "" };
  const ready = from !== undefined && to !== undefined;
  const preview = useOperation(previewHandOver, pick, { enabled: ready, keep: true });
  const give = useAct(handOver);
  const error = give.error ?? (ready ? preview.error : null);
  const done = give.data;
  const shown = ready ? preview.data : undefined;
  return (
    <Modal opened onClose={onClose} title="Hand over" size="lg">
      {done === undefined ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) give.mutate({ ...pick, ...(reason.trim() !== "" && { reason: reason.trim() }) });
          }}
        >
          <Stack gap="sm">
            <OwnerSelect visibleLabel label="From" placeholder="Whose things" value={from} onChange={setFrom} />
            <OwnerSelect visibleLabel label="To" placeholder="Who gets them" value={to} onChange={setTo} />
            <TextInput
              size="xs"
              label="Why"
              description="Stands in the history, and in the notice to the receiver. May be left out."
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            <div className={classes.preview} aria-live="polite">
              {!ready && <span className="rb-dim">Choose both: what would be given is shown here first.</span>}
              {shown !== undefined && (
                <>
                  <p>{shown.said}</p>
                  <p className="rb-dim">
                    {Object.entries(shown.kinds)
                      .map(([kind, count]) => formatCount(count, kind.toLowerCase()))
                      .join(", ")}
                  </p>
                  {shown.descriptors > 0 && (
                    <p className="rb-dim">
                      {formatCount(shown.descriptors, "descriptor")} still {shown.descriptors === 1 ? "names" : "name"} the former owner:
                      the catalogue holds the new one until the files say it too.
                    </p>
                  )}
                  {shown.notGiven.slice(0, 8).map(({ ref, title, why, mend }) => (
                    <p key={ref}>
                      <EntityLink entityRef={ref} title={title} /> {why} <span className="rb-dim">{mend}</span>
                    </p>
                  ))}
                  {shown.stays.length > 0 && (
                    <p className="rb-dim">
                      Stays as it is:{" "}
                      {shown.stays
                        .slice(0, 8)
                        .map(({ as, title }) => `${as} (${title})`)
                        .join(", ")}
                      .
                    </p>
                  )}
                </>
              )}
              {error !== null && (
                <p role="alert">
                  {toWords(error).title} {toWords(error).mend}
                </p>
              )}
            </div>
            <Group gap="xs">
              <Button type="submit" size="xs" disabled={!ready || (shown?.total ?? 0) === 0} loading={give.isPending}>
                {shown === undefined || shown.total === 0 ? "Hand over" : `Hand over ${formatCount(shown.total, "thing")}`}
              </Button>
              <Button size="xs" variant="default" onClick={onClose}>
                Not now
              </Button>
            </Group>
          </Stack>
        </form>
      ) : (
        <Stack gap="sm">
          <p role="status">{done.said}</p>
          <p className="rb-dim">It can be taken back for 30 days, under Hand-overs. The receiver finds a notice in the inbox.</p>
          <Group>
            <Button size="xs" onClick={onClose}>
              Close
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
