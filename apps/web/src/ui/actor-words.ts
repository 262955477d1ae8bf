/** `user:usr_…` → a name; the reader is "you"; ids without a name are shortened. */
export function actorWords(actor: string, me: string | undefined, names: ReadonlyMap<string, string>): string {
  if (actor === me) return "you";
  const colon = actor.indexOf(":");
  const [kind, id] = [actor.slice(0, colon), actor.slice(colon + 1)];
  if (colon < 0) return actor;
  const known = withoutMachine(names.get(id));
  if (known !== undefined) return kind === "agent" ? `${known} (agent)` : known;
  if (kind === "system") return `Roadbed (${id})`;
  const short = /^[a-z]+_[0-9a-z]{26}$/.test(id) ? `…${id.slice(-6)}` : id;
  return kind === "user" ? short : `${kind} ${short}`;
}

/** Tokens that Roadbed made for itself are named with their machine and folder, which tell them apart in lists, not in sentences. */
function withoutMachine(name: string | undefined): string | undefined {
  return name?.replace(/ \([^()\s:]+:\/[^()]*\)$/, "");
}
