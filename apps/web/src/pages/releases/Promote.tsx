import { Button, Checkbox, Modal, Select, Stack, Textarea } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { Rocket } from "lucide-react";
import { useState, type ReactNode } from "react";

import { listEnvironments } from "@roadbed/contracts/delivery/environments";
import { createPromotion } from "@roadbed/contracts/delivery/promotions";
import type { Release } from "@roadbed/contracts/delivery/releases";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";

/** Lets a release go to an environment; the next one on its way is proposed. */
export function Promote({ release }: { readonly release: Release }): ReactNode {
  const [opened, setOpened] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const [hotfix, setHotfix] = useState(false);
  const [reason, setReason] = useState("");
  const environments = useOperation(listEnvironments, { limit: 100 });
  const navigate = useNavigate();
  const act = useAct(createPromotion, { onDone: ({ id }) => void navigate({ to: "/promotions/$id", params: { id } }) });
  const items = environments.data?.items ?? [];
  const has = new Set(release.in.map(({ environment }) => environment));
  const next = items.find(({ name, upstream }) => !has.has(name) && upstream.some((one) => has.has(one)));
  const environment = chosen ?? next?.name ?? null;
  return (
    <>
      <Button leftSection={<Rocket size={14} aria-hidden />} onClick={() => setOpened(true)}>
        {next === undefined ? "Promote…" : `Promote to ${next.title}…`}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={`Promote release ${release.number}`}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (environment === null) return;
            const why = reason.trim();
            act.mutate({ release: release.id, environment, ...(hotfix && { hotfix: true }), ...(why !== "" && { reason: why }) });
          }}
        >
          <Stack gap="sm">
            <Select
              label="To"
              value={environment}
              onChange={setChosen}
              allowDeselect={false}
              data={items.filter(({ name }) => !has.has(name)).map(({ name, title }) => ({ value: name, label: title }))}
            />
            <Checkbox
              label="It is a hotfix"
              description="Passes freezes that let hotfixes through; everybody sees the reason."
              checked={hotfix}
              onChange={(event) => setHotfix(event.currentTarget.checked)}
            />
            <Textarea
              label="Reason"
              required={hotfix}
              autosize
              minRows={1}
              maxLength={1_000}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            {act.error !== null && <ErrorState error={act.error} />}
            <Button type="submit" loading={act.isPending} disabled={environment === null || (hotfix && reason.trim().length < 3)}>
              Promote
            </Button>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
