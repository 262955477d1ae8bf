/** Who looks at runs: what they asked for themselves they see whatever it is about; of others' nothing that is about what is hidden. */
export interface RunViewer {
  readonly actor: string;
  readonly hidden: readonly string[];
}

/** The condition on `paths.run` under which it is seen; `actor` and `hidden` are the places of the viewer's two values. */
export function seenBy(actor: string, hidden: string): string {
  return `(actor = ${actor} or not about && ${hidden}::text[])`;
}
