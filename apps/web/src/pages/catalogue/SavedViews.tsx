import { ActionIcon, Button, Checkbox, Menu, TextInput } from "@mantine/core";
import { Bookmark, Trash2, Users } from "lucide-react";
import { useState, type ReactNode } from "react";

import { deleteView, listViews, saveView } from "@roadbed/contracts/notify";
import { useAct, useOperation } from "../../api/use-operation.ts";
import type { CatalogueSearch } from "./filter.ts";

interface View {
  readonly name: string;
  readonly search: CatalogueSearch;
}

/** The page, as views are kept under it. */
const PAGE = "catalog";

const BUILT_IN: readonly View[] = [
  { name: "All components", search: { kind: ["component"] } },
  { name: "APIs", search: { kind: ["api"] } },
  { name: "Without an owner", search: { owner: ["none"] } },
  { name: "People and teams", search: { kind: ["group", "user"], columns: ["name", "kind", "type", "description"] } },
];

/** Views by name: ours, one's own, and those that others share. */
export function SavedViews({
  search,
  onOpen,
}: {
  readonly search: CatalogueSearch;
  readonly onOpen: (search: CatalogueSearch) => void;
}): ReactNode {
  const views = useOperation(listViews, { page: PAGE, limit: 200 }, { staleTime: 60_000 });
  const save = useAct(saveView);
  const remove = useAct(deleteView);
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const kept = views.data?.items ?? [];
  return (
    <Menu width={260} position="bottom-start" shadow="md">
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<Bookmark size={14} aria-hidden />}>
          Views
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {BUILT_IN.map((view) => (
          <Menu.Item key={view.name} onClick={() => onOpen(view.search)}>
            {view.name}
          </Menu.Item>
        ))}
        {kept.length > 0 && <Menu.Label>Saved</Menu.Label>}
        {kept.map((view) => (
          <div key={view.id} style={{ display: "flex", alignItems: "center" }}>
            <Menu.Item
              onClick={() => onOpen(view.search as CatalogueSearch)}
              rightSection={view.shared ? <Users size={13} aria-label={view.mine ? "shared" : `shared by ${view.by}`} /> : null}
            >
              {view.name}
            </Menu.Item>
            {view.mine && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Forget the view ${view.name}`}
                onClick={() => remove.mutate({ id: view.id })}
              >
                <Trash2 size={14} />
              </ActionIcon>
            )}
          </div>
        ))}
        <Menu.Divider />
        <form
          style={{ display: "flex", gap: 6, padding: 6 }}
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() === "") return;
            save.mutate({ page: PAGE, name: name.trim(), search: { ...search }, shared });
            setName("");
          }}
        >
          <TextInput
            aria-label="Name of this view"
            placeholder="Save this view as…"
            size="xs"
            flex={1}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => event.stopPropagation()}
          />
          <Button type="submit" size="xs" disabled={name.trim() === ""}>
            Save
          </Button>
        </form>
        <Checkbox
          size="xs"
          px={6}
          pb={6}
          label="For everybody"
          checked={shared}
          onChange={(event) => setShared(event.currentTarget.checked)}
        />
      </Menu.Dropdown>
    </Menu>
  );
}
