import { Spotlight, spotlight } from "@mantine/spotlight";
import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { Search, Zap } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";

import { searchAll } from "@roadbed/contracts/catalog";
import { describeSearchBox, hintsOf, parseSearchBox } from "@roadbed/contracts/catalog/search-box";
import { listPaths } from "@roadbed/contracts/paths";
import { useOperation } from "../api/use-operation.ts";
import { partsOf } from "../ui/entity-kind.ts";
import { ACTIONS } from "./actions.ts";
import { paletteAhead } from "./palette-ahead.ts";
import { groupHits, placeOf } from "./hits.ts";
import { HitRow } from "./HitRow.tsx";
import classes from "./shell.module.css";

const SHOWN_ACTIONS = 6;

/**
 * Opens each time `asked` grows. Ctrl-K: what the catalogue knows by the server's ranked search, sort by sort, with the words marked;
 * golden paths, pages and acts from what is known here. A line below says how filters in the box were understood.
 */
export function Palette({ asked }: { readonly asked: number }): ReactNode {
  const [query, setQuery] = useState("");
  const [debounced] = useDebouncedValue(query.trim(), 120);
  const navigate = useNavigate();
  useEffect(spotlight.open, [asked]);
  const found = useOperation(searchAll, { q: debounced, limit: 20 }, { enabled: debounced.length > 0, keep: true });
  const paths = useOperation(listPaths, { limit: 100 }, { staleTime: 5 * 60_000 });
  const box = parseSearchBox(query);
  const hints = hintsOf(box);
  // Pages and acts have no fields: a box with filters asks for none of them.
  const words = box.filters.length > 0 ? undefined : query.trim().toLowerCase();
  const matches = (...texts: readonly string[]): boolean => words !== undefined && texts.join(" ").toLowerCase().includes(words);
  const actions = ACTIONS.filter(({ label, words: more = "" }) => matches(label, more)).slice(0, words === "" ? SHOWN_ACTIONS : 20);
  const hits = debounced === "" ? [] : (found.data?.items ?? []);
  const golden = words === "" ? [] : (paths.data?.items ?? []).filter(({ title, name }) => matches(title, name, "create"));
  const groups = groupHits(hits, new Set(golden.map(({ name }) => name)));
  // Answers replace the rows that were selected: the first one is always one Enter away.
  useEffect(selectFirst, [query, found.data, paths.data]);
  const nothing = actions.length + groups.length + golden.length === 0 && !found.isFetching;

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
        onFocus={() => {
          const typed = paletteAhead.end();
          if (typed !== "") setQuery((before) => before + typed);
        }}
        leftSection={<Search size={17} aria-hidden />}
      />
      <Spotlight.ActionsList data-palette>
        {groups.map(({ label, hits: some }) => (
          <Spotlight.ActionsGroup key={label} label={label}>
            {some.map((hit) => (
              <Spotlight.Action
                key={`${hit.kind} ${hit.ref} ${hit.page ?? hit.title}`}
                aria-label={hit.title}
                onClick={() =>
                  void navigate({ to: "/entities/$kind/$namespace/$name", params: { ...partsOf(hit.ref) }, search: placeOf(hit) })
                }
              >
                <HitRow hit={hit} />
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        ))}
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
        {nothing && (
          <Spotlight.Empty>Nothing is like that. Try fewer letters, or a filter such as kind:component owner:team-a.</Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
      <div className={classes.paletteFoot}>
        <span aria-live="polite">{hints[0] ?? found.data?.hints[0] ?? describeSearchBox(box)}</span>
        <span aria-hidden>↑ ↓ choose · Enter open · Esc close</span>
      </div>
    </Spotlight.Root>
  );
}

function selectFirst(): void {
  const list = document.querySelector("[data-palette]");
  if (list?.querySelector("[data-selected]") === null) list.querySelector("[data-action]")?.setAttribute("data-selected", "true");
}
