import { Kbd, Modal } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useSyncExternalStore, type ReactNode } from "react";

import classes from "./shell.module.css";

/** `g` and then a letter goes there. */
const GO: Readonly<Record<string, { readonly to: string; readonly label: string }>> = {
  h: { to: "/", label: "Home" },
  c: { to: "/catalog", label: "Catalogue" },
  g: { to: "/graph", label: "Graph" },
  d: { to: "/delivery", label: "Delivery" },
  o: { to: "/observe", label: "Services" },
  t: { to: "/traces", label: "Traces" },
  l: { to: "/logs", label: "Logs" },
  i: { to: "/incidents", label: "Incidents" },
  p: { to: "/standards", label: "Policies" },
  r: { to: "/runs", label: "Runs" },
  s: { to: "/settings", label: "Settings" },
};
const CHORD_MS = 1_200;

/** The list of shortcuts, opened by `?` or the top bar. */
export const help = createSwitch();

/** Listens to the keyboard for the whole page, and shows the list of shortcuts. */
export function Shortcuts(): ReactNode {
  useShortcuts();
  const opened = useSyncExternalStore(help.subscribe, help.get);
  return (
    <Modal opened={opened} onClose={help.close} title="Keyboard shortcuts">
      <dl className={classes.shortcuts}>
        <Line keys={["/", "Ctrl K"]} what="Search, or run a command" />
        <Line keys={["c"]} what="Create something" />
        <Line keys={["↑", "↓"]} what="Move between the rows of a table" />
        <Line keys={["?"]} what="This list" />
        {Object.entries(GO).map(([key, { label }]) => (
          <Line key={key} keys={[`g ${key}`]} what={`Go to ${label}`} />
        ))}
      </dl>
    </Modal>
  );
}

function Line({ keys, what }: { readonly keys: readonly string[]; readonly what: string }): ReactNode {
  return (
    <>
      <dt>
        {keys.map((key) => (
          <Kbd key={key} size="sm" mr={4}>
            {key}
          </Kbd>
        ))}
      </dt>
      <dd>{what}</dd>
    </>
  );
}

function useShortcuts(): void {
  const navigate = useNavigate();
  const chord = useRef(0);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const target = event.timeStamp - chord.current < CHORD_MS ? GO[event.key] : undefined;
      chord.current = 0;
      if (target !== undefined) void navigate({ to: target.to as "/" });
      else if (event.key === "g") chord.current = event.timeStamp;
      else if (event.key === "c") void navigate({ to: "/create" });
      else if (event.key === "?") help.open();
      else if (event.key === "/") {
        event.preventDefault();
        spotlight.open();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.closest("input, textarea, select, [role=textbox], [role=dialog]") !== null)
  );
}

interface Switch {
  readonly open: () => void;
  readonly close: () => void;
  readonly get: () => boolean;
  readonly subscribe: (listener: () => void) => () => void;
}

function createSwitch(): Switch {
  const listeners = new Set<() => void>();
  let on = false;
  const set = (value: boolean): void => {
    on = value;
    for (const listener of listeners) listener();
  };
  return {
    open: () => set(true),
    close: () => set(false),
    get: () => on,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
