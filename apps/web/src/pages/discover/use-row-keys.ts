import { useEffect, useRef, type RefObject } from "react";

interface Keys {
  readonly ids: readonly string[];
  readonly current: string | undefined;
  readonly onMove: (id: string) => void;
  readonly onAccept: (id: string | undefined) => void;
  readonly onRefuse: (id: string | undefined) => void;
  readonly onToggle: (id: string) => void;
  readonly onEdit: (id: string) => void;
}

/** j and k move, x chooses, a accepts, r refuses, e edits; never while one types or a dialogue is open, nor after g. */
export function useRowKeys(frame: RefObject<HTMLElement | null>, keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const isChord = event.timeStamp < chordUntil;
      chordUntil = event.key === "g" ? event.timeStamp + 1_200 : 0;
      if (isChord) return;
      const { ids, current, onMove, onAccept, onRefuse, onToggle, onEdit } = latest.current;
      const at = current === undefined ? -1 : ids.indexOf(current);
      if (event.key === "j" || event.key === "k") {
        const next = ids[Math.min(ids.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
        if (next === undefined) return;
        onMove(next);
        frame.current?.querySelector(`[data-row="${next}"]`)?.scrollIntoView({ block: "nearest" });
      } else if (event.key === "a") onAccept(current);
      else if (event.key === "r") onRefuse(current);
      else if (event.key === "x" && current !== undefined) onToggle(current);
      else if (event.key === "e" && current !== undefined) onEdit(current);
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [frame]);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const box = target.closest("input, textarea, select, [role=textbox], [role=dialog], [role=listbox]");
  return target.isContentEditable || (box !== null && !(box instanceof HTMLInputElement && box.type === "checkbox"));
}
