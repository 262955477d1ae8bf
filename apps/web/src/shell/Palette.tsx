import { Spotlight, spotlight } from "@mantine/spotlight";
import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { FileText, Search, Zap } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";

import { searchAll } from "@roadbed/contracts/catalog";
import { listPaths } from "@roadbed/contracts/paths";
import { useOperation } from "../api/use-operation.ts";
import { iconOfKind, partsOf } from "../ui/entity-kind.ts";
import { ACTIONS } from "./actions.ts";
import classes from "./shell.module.css";

const SHOWN_ACTIONS = 6;

/** Opens each time `asked` grows. Ctrl-K: entities and docs by the server's ranked search; paths, pages and acts from what is known here. */
export function Palette({ asked }: { readonly asked: number }): ReactNode {
  const [query, setQuery] = useState("");
  const [debounced] = useDebouncedValue(query.trim(), 150);
  const navigate = useNavigate();
  useEffect(spotlight.open, [asked]);
  const found = useOperation(searchAll, { q: debounced, limit: 12 }, { enabled: debounced.length > 0, keep: true });
  const paths = useOperation(listPaths, { limit: 100 }, { staleTime: 5 * 60_000 });
  const words = query.trim().toLowerCase();
  const matches = (...texts: readonly string[]): boolean => texts.join(" ").toLowerCase().includes(words);
  const actions = ACTIONS.filter(({ label, words: more = "" }) => matches(label, more)).slice(0, words === "" ? SHOWN_ACTIONS : 20);
  const hits = debounced === "" ? [] : (found.data?.items ?? []);
  const golden = words === "" ? [] : (paths.data?.items ?? []).filter(({ title, name }) => matches(title, name, "create"));
  // Answers replace the rows that were selected: the first one is always one Enter away.
  useEffect(selectFirst, [query, found.data, paths.data]);
  const nothing = actions.length + hits.length + golden.length === 0 && !found.isFetching;

  return (
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      scrollable
      attributes={{ content: { "aria-label": "Search or run a command" } }}
      maxHeight={420}
      size={600}
      transitionProps={{ duration: 80 }}
    >
      <Spotlight.Search
        placeholder="Search entities, documentation, paths and actions"
        aria-label="Search or run a command"
        leftSection={<Search size={17} aria-hidden />}
      />
      <Spotlight.ActionsList data-palette>
        {hits.length > 0 && (
          <Spotlight.ActionsGroup label="Catalogue and documentation">
            {hits.map((hit) => {
              const Icon = hit.kind === "doc" ? FileText : iconOfKind(hit.entityKind);
              return (
                <Spotlight.Action
                  key={`${hit.ref} ${hit.page ?? ""}`}
                  label={hit.title}
                  description={hit.kind === "doc" ? (hit.excerpt ?? hit.subtitle ?? hit.ref) : (hit.subtitle ?? hit.ref)}
                  leftSection={<Icon size={17} aria-hidden />}
                  rightSection={<span className={classes.hitKind}>{hit.kind === "doc" ? "docs" : hit.entityKind.toLowerCase()}</span>}
                  onClick={() =>
                    void navigate({
                      to: "/entities/$kind/$namespace/$name",
                      params: { ...partsOf(hit.ref) },
                      search: hit.kind === "doc" ? { tab: "docs", ...(hit.page !== undefined && { page: hit.page }) } : {},
                    })
                  }
                />
              );
            })}
          </Spotlight.ActionsGroup>
        )}
        {golden.length > 0 && (
          <Spotlight.ActionsGroup label="Create">
            {golden.map(({ name, title, description }) => (
              <Spotlight.Action
                key={name}
                label={title}
                {...(description !== undefined && { description })}
                leftSection={<Zap size={17} aria-hidden />}
                onClick={() => void navigate({ to: "/create/$path", params: { path: name } })}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {actions.length > 0 && (
          <Spotlight.ActionsGroup label="Go to">
            {actions.map(({ label, icon: Icon, to, search }) => (
              <Spotlight.Action
                key={label}
                label={label}
                leftSection={<Icon size={17} aria-hidden />}
                onClick={() => void navigate({ to: to as "/", search: (search ?? {}) as object })}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {nothing && <Spotlight.Empty>Nothing is named so. Try fewer letters, or a tag.</Spotlight.Empty>}
      </Spotlight.ActionsList>
      <div className={classes.paletteFoot} aria-hidden>
        ↑ ↓ choose · Enter open · Esc close
      </div>
    </Spotlight.Root>
  );
}

function selectFirst(): void {
  const list = document.querySelector("[data-palette]");
  if (list?.querySelector("[data-selected]") === null) list.querySelector("[data-action]")?.setAttribute("data-selected", "true");
}
