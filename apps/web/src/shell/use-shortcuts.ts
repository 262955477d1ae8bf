import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { GO } from "./go.ts";
import { help, palette } from "./switch.ts";

const CHORD_MS = 1_200;

/** Listens to the keyboard for the whole page; never while one types or a dialogue is open. */
export function useShortcuts(): void {
  const navigate = useNavigate();
  const chord = useRef(0);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        palette.open();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const target = event.timeStamp - chord.current < CHORD_MS ? GO[event.key] : undefined;
      chord.current = 0;
      if (target !== undefined) void navigate({ to: target.to as "/" });
      else if (event.key === "g") chord.current = event.timeStamp;
      else if (event.key === "c") void navigate({ to: "/create" });
      else if (event.key === "?") help.open();
      else if (event.key === "/") {
        event.preventDefault();
        palette.open();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate]);
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.closest("input, textarea, select, [role=textbox], [role=dialog]") !== null)
  );
}
