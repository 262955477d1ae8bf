import type { ReactNode } from "react";

/** A sentence with `code` between back-ticks, as policies write them. Everything else is just text. */
export function Prose({ text }: { readonly text: string }): ReactNode {
  return text
    .split(/(`[^`]+`)/)
    .map((part, index) => (part.startsWith("`") && part.length > 2 ? <code key={index}>{part.slice(1, -1)}</code> : part));
}
