interface Repo {
  readonly host?: string | undefined;
  readonly owner?: string | undefined;
  readonly repo?: string | undefined;
}

/** Reads what `writeRepo` writes; what is not there is undefined. */
export function parseRepo(text: string): Repo {
  const [host = "", query = ""] = text.split("?");
  const params = new URLSearchParams(query);
  const [owner, repo] = [params.get("owner") ?? "", params.get("repo") ?? ""];
  return { ...(host !== "" && { host }), ...(owner !== "" && { owner }), ...(repo !== "" && { repo }) };
}

/** `host?owner=…&repo=…`; undefined while no repository is named and nothing else was chosen. */
export function writeRepo({ host = "", owner = "", repo = "" }: Repo): string | undefined {
  if (host === "roadbed" && repo === "") return undefined;
  const whole = host === "roadbed" && owner === "" ? "roadbed" : owner;
  return `${host}?owner=${encodeURIComponent(whole)}&repo=${encodeURIComponent(repo)}`;
}
