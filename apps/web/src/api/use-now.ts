import { useEffect, useState } from "react";

/** The present, in steps: a window of an hour need not move with every drawing. Stands still while the page is hidden. */
export function useNow(stepMs: number): number {
  const [now, setNow] = useState(() => roundUp(Date.now(), stepMs));
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && setNow(roundUp(Date.now(), stepMs)), stepMs);
    return () => clearInterval(timer);
  }, [stepMs]);
  return now;
}

/** Up, so that what arrived this moment is inside. */
function roundUp(now: number, stepMs: number): number {
  return Math.ceil(now / stepMs) * stepMs;
}
