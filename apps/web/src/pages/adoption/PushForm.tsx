import { SegmentedControl, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { listEntities } from "@roadbed/contracts/catalog";
import { recordInvitation, recordMandate } from "@roadbed/contracts/product/adoption";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { shortRef } from "../../ui/entity-kind.ts";
import { FormFoot } from "../../ui/FormFoot.tsx";

/** Writes down who must use a capability, or who was asked to. */
export function PushForm({ capability, onClose }: { readonly capability: string; readonly onClose: () => void }): ReactNode {
  const [kind, setKind] = useState<"mandate" | "invitation">("mandate");
  const [scope, setScope] = useState("*");
  const [at, setAt] = useState("");
  const [enforcedAt, setEnforcedAt] = useState("");
  const [why, setWhy] = useState("");
  const teams = useOperation(listEntities, { filter: "kind=group", limit: 500, sort: "name" });
  const mandate = useAct(recordMandate, { onDone: onClose });
  const invite = useAct(recordInvitation, { onDone: onClose });
  const options = (teams.data?.items ?? []).map(({ ref, title }) => ({ value: ref, label: title ?? shortRef(ref) }));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const common = { capability, scope, why: why.trim() };
        if (kind === "invitation") invite.mutate({ ...common, at });
        else mandate.mutate({ ...common, announcedAt: at, ...(enforcedAt === "" ? {} : { enforcedAt }) });
      }}
    >
      <Stack gap="sm">
        <SegmentedControl
          aria-label="What it is"
          value={kind}
          onChange={(next) => setKind(next as typeof kind)}
          data={[
            { value: "mandate", label: "They must" },
            { value: "invitation", label: "They were asked" },
          ]}
        />
        <Select
          label="Who"
          searchable
          allowDeselect={false}
          data={[{ value: "*", label: "Everybody" }, ...options]}
          value={scope}
          onChange={(next) => setScope(next ?? "*")}
        />
        <TextInput
          type="date"
          label={kind === "mandate" ? "Announced on" : "Asked on"}
          required
          value={at}
          onChange={(event) => setAt(event.currentTarget.value)}
        />
        {kind === "mandate" && (
          <TextInput type="date" label="Enforced on" value={enforcedAt} onChange={(event) => setEnforcedAt(event.currentTarget.value)} />
        )}
        <Textarea
          label="Why"
          required
          minLength={5}
          maxLength={500}
          autosize
          value={why}
          onChange={(event) => setWhy(event.currentTarget.value)}
        />
        <FormFoot
          act="Write it down"
          sending={mandate.isPending || invite.isPending}
          disabled={at === "" || why.trim().length < 5}
          fault={mandate.error ?? invite.error}
          onClose={onClose}
        />
      </Stack>
    </form>
  );
}
