export type Names = ReadonlyMap<string, string>;

/** `user:usr_01…` reads as the person's name, `service:tok_01…` as the token's; a job of the system as itself. */
export function nameOfActor(actor: string, names: Names): string {
  const [, kind = "", id = ""] = /^([a-z]+):(.*)$/.exec(actor) ?? [];
  const name = names.get(id);
  if (name !== undefined) return kind === "agent" ? `${name} (agent)` : name;
  return kind === "system" ? `Roadbed: ${id}` : actor;
}
