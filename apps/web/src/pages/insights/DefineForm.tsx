import { NumberInput, Stack, Switch, TagsInput, Textarea } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { defineMeasure, type MeasureDefinition } from "@roadbed/contracts/product/measures";
import { useAct } from "../../api/use-operation.ts";
import { FormFoot } from "../../ui/FormFoot.tsx";

/** The rules of a measure, decided otherwise: a new version, with the reason for those who see the figure jump. */
export function DefineForm({ of, onClose }: { readonly of: MeasureDefinition; readonly onClose: () => void }): ReactNode {
  const [rules, setRules] = useState(of.rules);
  const [why, setWhy] = useState("");
  const act = useAct(defineMeasure, { onDone: onClose });
  const number = (value: string | number): number | undefined => (typeof value === "number" ? value : undefined);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate({ measure: of.measure, rules, why: why.trim() });
      }}
    >
      <Stack gap="sm">
        <NumberInput
          label="Window, days up to now"
          min={7}
          max={730}
          value={rules.windowDays}
          onChange={(value) => setRules({ ...rules, windowDays: number(value) ?? rules.windowDays })}
        />
        <TagsInput
          label="Environments that are production"
          description="* stands for anything"
          value={rules.production}
          onChange={(production) => setRules({ ...rules, production })}
        />
        <NumberInput
          label="Hours after a deployment in which an incident is put down to it"
          description="Empty: however long after"
          min={1}
          max={8_760}
          value={rules.incidentWindowHours ?? ""}
          onChange={(value) => setRules({ ...rules, incidentWindowHours: number(value) ?? null })}
        />
        <NumberInput
          label="Rows that are enough to conclude from"
          min={1}
          max={1_000}
          value={rules.lowN}
          onChange={(value) => setRules({ ...rules, lowN: number(value) ?? rules.lowN })}
        />
        <Switch
          label="Changes that a machine proposed count"
          checked={rules.bots}
          onChange={(event) => setRules({ ...rules, bots: event.currentTarget.checked })}
        />
        <Textarea
          label="Why"
          required
          minLength={10}
          maxLength={500}
          autosize
          value={why}
          onChange={(event) => setWhy(event.currentTarget.value)}
        />
        <FormFoot
          act="Make a new version"
          sending={act.isPending}
          disabled={why.trim().length < 10 || rules.production.length === 0}
          fault={act.error}
          onClose={onClose}
        />
      </Stack>
    </form>
  );
}
