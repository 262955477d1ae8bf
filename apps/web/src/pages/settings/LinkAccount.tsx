import { Button, Group, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState, type FormEvent, type ReactNode } from "react";

import { listEntities } from "@roadbed/contracts/catalog";
import { updateUser } from "@roadbed/contracts/identity";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { shortRef } from "../../ui/entity-kind.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import classes from "./settings.module.css";
import { tellDone } from "./tell.ts";

/** Says who of the catalogue somebody's account is: so they belong to teams, own what these own, and are asked about it. */
export function LinkAccount({ username, entityRef }: { readonly username: string; readonly entityRef: string | undefined }): ReactNode {
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed, 150);
  const [chosen, setChosen] = useState<string | null>(null);
  const found = useOperation(listEntities, { filter: "kind=user", ...(asked !== "" && { text: asked }), limit: 50 }, { keep: true });
  const people = (found.data?.items ?? []).map(({ ref, title }) => ({
    value: ref,
    label: title === undefined ? shortRef(ref) : `${title} (${shortRef(ref)})`,
  }));
  const link = useAct(updateUser, {
    onDone: ({ entityRef: now }) => {
      setChosen(null);
      setTyped("");
      tellDone(now === undefined ? "The link is taken away." : `You are ${shortRef(now)} in the catalogue.`);
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (chosen !== null) link.mutate({ username, entityRef: chosen });
  };
  return (
    <form className={classes.link} onSubmit={submit} aria-label="Who you are in the catalogue">
      <Group gap={8} align="flex-end">
        <Select
          label={entityRef === undefined ? "Link your account to a person" : "Link it to another person"}
          placeholder="Type a name"
          w={260}
          searchable
          data={people}
          value={chosen}
          onChange={setChosen}
          onSearchChange={setTyped}
          filter={({ options }) => options}
          nothingFoundMessage={found.isPending ? "Reading…" : "No person in the catalogue is named so"}
        />
        <Button type="submit" variant="default" disabled={chosen === null} loading={link.isPending}>
          Link
        </Button>
        {entityRef !== undefined && (
          <Button variant="subtle" color="gray" loading={link.isPending} onClick={() => link.mutate({ username, entityRef: null })}>
            Take the link away
          </Button>
        )}
      </Group>
      {link.error !== null && <ErrorState error={link.error} />}
    </form>
  );
}
