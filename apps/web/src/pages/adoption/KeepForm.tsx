import { Stack, Textarea, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { keepRegister } from "@roadbed/contracts/product/adoption";
import { useAct } from "../../api/use-operation.ts";
import { FormFoot } from "../../ui/FormFoot.tsx";

/** Somebody's word that from a day on every mandate stands in the register. */
export function KeepForm({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [completeSince, setSince] = useState("");
  const [why, setWhy] = useState("");
  const act = useAct(keepRegister, { onDone: onClose });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate({ completeSince, why: why.trim() });
      }}
    >
      <Stack gap="sm">
        <TextInput
          type="date"
          label="Complete since"
          description="What was adopted before is called unknown"
          required
          value={completeSince}
          onChange={(event) => setSince(event.currentTarget.value)}
        />
        <Textarea
          label="How it is known to be complete"
          required
          minLength={10}
          maxLength={500}
          autosize
          value={why}
          onChange={(event) => setWhy(event.currentTarget.value)}
        />
        <FormFoot
          act="State it"
          sending={act.isPending}
          disabled={completeSince === "" || why.trim().length < 10}
          fault={act.error}
          onClose={onClose}
        />
      </Stack>
    </form>
  );
}
