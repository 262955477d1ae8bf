import { ActionIcon, Button, Menu, TextInput } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { Bookmark, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";

import type { CatalogueSearch } from "./filter.ts";

interface View {
  readonly name: string;
  readonly search: CatalogueSearch;
}

const BUILT_IN: readonly View[] = [
  { name: "All components", search: { kind: ["component"] } },
  { name: "APIs", search: { kind: ["api"] } },
  { name: "Without an owner", search: { owner: ["none"] } },
  { name: "People and teams", search: { kind: ["group", "user"], columns: ["name", "kind", "type", "description"] } },
];

/** Views by name: ours, and those one keeps in this browser. */
export function SavedViews({
  search,
  onOpen,
}: {
  readonly search: CatalogueSearch;
  readonly onOpen: (search: CatalogueSearch) => void;
}): ReactNode {
  const [views, setViews] = useLocalStorage<View[]>({ key: "roadbed.catalogue-views", defaultValue: [] });
  const [name, setName] = useState("");
  const keep = (): void => {
    setViews([...views.filter((view) => view.name !== name.trim()), { name: name.trim(), search }]);
    setName("");
  };
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
        {views.length > 0 && <Menu.Label>Saved in this browser</Menu.Label>}
        {views.map((view) => (
          <div key={view.name} style={{ display: "flex", alignItems: "center" }}>
            <Menu.Item onClick={() => onOpen(view.search)}>{view.name}</Menu.Item>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Forget the view ${view.name}`}
              onClick={() => setViews(views.filter((other) => other !== view))}
            >
              <Trash2 size={14} />
            </ActionIcon>
          </div>
        ))}
        <Menu.Divider />
        <form
          style={{ display: "flex", gap: 6, padding: 6 }}
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== "") keep();
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
      </Menu.Dropdown>
    </Menu>
  );
}
