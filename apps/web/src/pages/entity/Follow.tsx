import { Button, Menu, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { Bell, BellOff, Megaphone } from "lucide-react";
import { useState, type ReactNode } from "react";

import { listWatches, publishAnnouncement, removeWatch, setWatch } from "@roadbed/contracts/notify";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { WEIGHTS } from "../inbox/FollowingTab.tsx";
import { useForm } from "../settings/use-form.ts";

/** Be told of it, or tell those who depend on it. */
export function Follow({ entityRef }: { readonly entityRef: string }): ReactNode {
  const watches = useOperation(listWatches, { ref: entityRef }, { staleTime: 60_000 });
  const set = useAct(setWatch);
  const remove = useAct(removeWatch);
  const [announcing, setAnnouncing] = useState(false);
  const current = watches.data?.items[0];
  return (
    <>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button variant="default" leftSection={<Bell size={14} aria-hidden />} disabled={watches.data === undefined}>
            {current === undefined ? "Follow" : "Following"}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Be told of</Menu.Label>
          {WEIGHTS.map(({ value, label }) => (
            <Menu.Item
              key={value}
              onClick={() => set.mutate({ ref: entityRef, weight: value })}
              fw={current?.weight === value ? 600 : undefined}
            >
              {label}
            </Menu.Item>
          ))}
          {current !== undefined && (
            <Menu.Item leftSection={<BellOff size={14} aria-hidden />} onClick={() => remove.mutate({ ref: entityRef })}>
              Unfollow
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item leftSection={<Megaphone size={14} aria-hidden />} onClick={() => setAnnouncing(true)}>
            Announce to those who depend on it
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={announcing} onClose={() => setAnnouncing(false)} title="Announce to those who depend on it">
        <AnnouncementForm entityRef={entityRef} onDone={() => setAnnouncing(false)} />
      </Modal>
    </>
  );
}

function AnnouncementForm({ entityRef, onDone }: { readonly entityRef: string; readonly onDone: () => void }): ReactNode {
  const form = useForm(
    publishAnnouncement,
    { title: "", body: "" },
    { toInput: ({ title, body }) => ({ ref: entityRef, title, body }), onDone, touches: ["notify"] },
  );
  const { values, set, error, touch } = form;
  return (
    <form onSubmit={form.submit}>
      <Stack gap="sm">
        <TextInput
          label="What you announce"
          placeholder="Version 1 ends in May"
          value={values.title}
          onChange={(event) => set({ title: event.currentTarget.value })}
          onBlur={touch("title")}
          error={error("title")}
          data-autofocus
        />
        <Textarea
          label="More"
          description="Markdown. Why, what to do, by when."
          autosize
          minRows={4}
          maxRows={12}
          value={values.body}
          onChange={(event) => set({ body: event.currentTarget.value })}
          error={error("body")}
        />
        {form.fault !== null && <ErrorState error={form.fault} />}
        <Button type="submit" loading={form.sending} disabled={values.title.trim().length < 3}>
          Announce
        </Button>
      </Stack>
    </form>
  );
}
