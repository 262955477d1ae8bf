import { Button, Group, PasswordInput, Select, Stack, TextInput } from "@mantine/core";
import { Send } from "lucide-react";
import { useState, type ReactNode } from "react";

import { deleteChannel, listChannels, saveChannel, testChannel, type Weight } from "@roadbed/contracts/notify";
import type { OutputOf } from "@roadbed/core";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { FormFoot } from "../../ui/FormFoot.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Panel } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import { useForm } from "../settings/use-form.ts";
import { WEIGHTS } from "./FollowingTab.tsx";
import classes from "./inbox.module.css";

type Channel = OutputOf<typeof listChannels>["items"][number];

const KINDS = { email: "Mail", webhook: "Webhook", slack: "Chat (Slack's webhooks)" } as const;

/** Where my notices are sent besides the inbox. */
export function ChannelsTab(): ReactNode {
  const channels = useOperation(listChannels, {});
  const [adding, setAdding] = useState(false);
  return (
    <Loaded query={channels} skeleton={<SkeletonRows rows={4} />}>
      {({ items, mail }) => (
        <>
          {items.length === 0 && !adding && (
            <EmptyState
              icon={Send}
              title="Notices stay in the inbox"
              act={<Button onClick={() => setAdding(true)}>Send them somewhere</Button>}
            >
              Have them sent by mail, to a webhook, or to a chat that takes Slack's webhooks.
            </EmptyState>
          )}
          <ul className={classes.channels}>
            {items.map((channel) => (
              <Line key={channel.id} channel={channel} />
            ))}
          </ul>
          {items.length > 0 && !adding && (
            <Button variant="default" size="sm" onClick={() => setAdding(true)}>
              Add another
            </Button>
          )}
          {adding && <ChannelForm mail={mail} onClose={() => setAdding(false)} />}
        </>
      )}
    </Loaded>
  );
}

function Line({ channel }: { readonly channel: Channel }): ReactNode {
  const remove = useAct(deleteChannel);
  const test = useAct(testChannel);
  const { id, kind, target, weight, waiting, lastSentAt, lastError } = channel;
  return (
    <li>
      <div>
        <b>{KINDS[kind]}</b> {target}
        <p className="rb-dim">
          {WEIGHTS.find(({ value }) => value === weight)?.label}
          {waiting > 0 && ` · ${waiting} waiting`}
          {lastSentAt !== undefined && (
            <>
              {" "}
              · last sent <When at={lastSentAt} />
            </>
          )}
        </p>
        {test.data !== undefined ? (
          <StateBadge plain word={test.data.ok ? "sent" : "failed"} state={test.data.ok ? "ok" : "fail"} label={test.data.detail} />
        ) : (
          lastError !== undefined && <StateBadge plain word="failed" state="fail" label={lastError} />
        )}
        {test.error !== null && <ErrorState error={test.error} />}
      </div>
      <Group gap={4}>
        <Button variant="default" size="xs" loading={test.isPending} onClick={() => test.mutate({ id })}>
          Send a test
        </Button>
        <Button variant="subtle" size="xs" color="gray" onClick={() => remove.mutate({ id })}>
          Remove
        </Button>
      </Group>
    </li>
  );
}

const EMPTY = { kind: "webhook" as Channel["kind"], target: "", secret: "", weight: "important" as Weight };

function ChannelForm({ mail, onClose }: { readonly mail: boolean; readonly onClose: () => void }): ReactNode {
  const form = useForm(saveChannel, EMPTY, {
    toInput: ({ kind, target, secret, weight }) => ({
      kind,
      target: target.trim(),
      weight,
      ...(kind === "webhook" && secret !== "" && { secret }),
    }),
    onDone: onClose,
    touches: ["notify"],
  });
  const { values, set, error, touch } = form;
  return (
    <Panel>
      <form onSubmit={form.submit} aria-label="Where notices are sent">
        <Stack gap="sm" maw={560}>
          <Select
            label="How"
            data={Object.entries(KINDS).map(([value, label]) => ({ value, label, disabled: value === "email" && !mail }))}
            description={mail ? undefined : "This server sends no mail: an administrator sets ROADBED_SMTP_URL."}
            value={values.kind}
            allowDeselect={false}
            onChange={(kind) => kind !== null && set({ kind: kind as Channel["kind"] })}
          />
          <TextInput
            label={values.kind === "email" ? "Address" : "Address of the webhook"}
            description={values.kind === "email" ? undefined : "It is kept sealed; afterwards only its host is shown."}
            placeholder={values.kind === "email" ? "you@example.com" : "https://hooks.example.com/…"}
            value={values.target}
            onChange={(event) => set({ target: event.currentTarget.value })}
            onBlur={touch("target")}
            error={error("target")}
            spellCheck={false}
          />
          {values.kind === "webhook" && (
            <PasswordInput
              label="Secret"
              description="May be left out. Signs what is sent: HMAC-SHA256 in x-roadbed-signature-256."
              value={values.secret}
              onChange={(event) => set({ secret: event.currentTarget.value })}
              onBlur={touch("secret")}
              error={error("secret")}
            />
          )}
          <Select
            label="What is sent"
            data={[...WEIGHTS]}
            value={values.weight}
            allowDeselect={false}
            onChange={(weight) => weight !== null && set({ weight: weight as Weight })}
          />
          <FormFoot act="Save" sending={form.sending} disabled={values.target.trim() === ""} fault={form.fault} onClose={onClose} />
        </Stack>
      </form>
    </Panel>
  );
}
