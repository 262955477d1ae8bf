import { Button } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { rotateHook } from "@roadbed/contracts/catalog/connections";
import { useAct } from "../../api/use-operation.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Section } from "../../ui/Page.tsx";
import { tellFault } from "../settings/tell.ts";
import classes from "./sources.module.css";

/** Where the system may tell of changes, and the secret with which it signs. The secret is shown once. */
export function WebhookPanel({ id, path, ready }: { readonly id: string; readonly path: string; readonly ready: boolean }): ReactNode {
  const [secret, setSecret] = useState<string | undefined>();
  const rotate = useAct(rotateHook, { onDone: (made) => setSecret(made.secret) });
  return (
    <Section
      title="Webhook"
      act={
        <Button
          size="xs"
          variant="default"
          loading={rotate.isPending}
          onClick={() => rotate.mutate({ id }, { onError: tellFault("No secret was made") })}
        >
          {ready ? "New secret" : "Make a secret"}
        </Button>
      }
    >
      <p className={classes.lead}>
        {ready
          ? "The system tells of changes at this address, signed with the secret; they are seen at once."
          : "Let the system tell of changes at this address: make a secret first, and give both to it."}
      </p>
      <Facts
        of={[
          ["Address", <CopyText key="address" text={`${window.location.origin}${path}`} what="address" />],
          [
            "Secret",
            secret === undefined ? (
              ready ? (
                "Kept sealed; a new one takes its place"
              ) : undefined
            ) : (
              <CopyText key="secret" text={secret} what="secret" />
            ),
          ],
          ["", secret === undefined ? undefined : "Copy it now: it is not shown again."],
        ]}
      />
    </Section>
  );
}
