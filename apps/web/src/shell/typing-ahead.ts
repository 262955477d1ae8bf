/** Letters typed after something was asked for and before its box stands there: none is lost, and none is taken for a shortcut. */
export interface TypingAhead {
  /** From now on letters are kept. Once more while it keeps changes nothing. */
  start(): void;
  /** The box is there: what was typed meanwhile. */
  end(): string;
}

/** Whoever waits longer than this types no more, and gets the keyboard back. */
const PATIENCE_MS = 10_000;

/** `cancel` is called when somebody presses Escape before the box is there. */
export function createTypingAhead(
  page: Pick<EventTarget, "addEventListener" | "removeEventListener">,
  o: { readonly isTyping: (target: EventTarget | null) => boolean; readonly cancel: () => void },
): TypingAhead {
  let kept = "";
  let keeping = false;
  let patience: ReturnType<typeof setTimeout> | undefined;
  return { start, end };

  function start(): void {
    if (keeping) return;
    keeping = true;
    kept = "";
    page.addEventListener("keydown", onKey, { capture: true });
    patience = setTimeout(end, PATIENCE_MS);
  }

  function end(): string {
    keeping = false;
    page.removeEventListener("keydown", onKey, { capture: true });
    clearTimeout(patience);
    const text = kept;
    kept = "";
    return text;
  }

  function onKey(event: Event): void {
    const { key, ctrlKey, metaKey, altKey, target } = event as KeyboardEvent;
    // Whoever types into a box already is not waiting for one.
    if (o.isTyping(target) || ctrlKey || metaKey || altKey) return;
    if (key === "Escape") {
      end();
      o.cancel();
    } else if (key === "Backspace") kept = kept.slice(0, -1);
    else if (key.length === 1) kept += key;
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}
