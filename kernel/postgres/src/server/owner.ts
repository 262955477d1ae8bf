import { readNote, removeNote, takeNote } from "./note.ts";

/** Who starts the server owns it. Who adopts it owns it if its owner is dead or has left. */
export function claimOwnership(file: string, how: "started" | "adopted"): void {
  if (how === "adopted" && readNote(file) !== undefined) return;
  removeNote(file);
  takeNote(file);
}

/** Leaves the server to nobody. False when a living process other than this one owns it. */
export function yieldOwnership(file: string): boolean {
  const owner = readNote(file);
  if (owner !== undefined && owner !== process.pid) return false;
  removeNote(file);
  return true;
}
