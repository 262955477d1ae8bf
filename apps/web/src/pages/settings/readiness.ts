/** What `/readyz` answers, ready or not. */
export interface Readiness {
  readonly ready: boolean;
  readonly parts: readonly Part[];
}

export interface Part {
  readonly name: string;
  readonly state: string;
  readonly detail?: string | undefined;
}

/** Asks the server about its parts; not being ready (503) is an answer, too. */
export async function fetchReadiness(signal: AbortSignal): Promise<Readiness> {
  const answer = await fetch("/readyz", { headers: { accept: "application/json" }, signal });
  const found = toReadiness(await answer.json().catch(() => undefined));
  if (found === undefined) throw new Error(`The health page answered ${answer.status}, which cannot be read.`);
  return found;
}

/** Undefined for what is no readiness. */
export function toReadiness(raw: unknown): Readiness | undefined {
  const { ready, parts } = (raw ?? {}) as { ready?: unknown; parts?: unknown };
  if (typeof ready !== "boolean" || !Array.isArray(parts)) return undefined;
  return {
    ready,
    parts: parts.map((part: Partial<Part>) => ({
      name: String(part.name),
      state: String(part.state),
      ...(part.detail !== undefined && { detail: String(part.detail) }),
    })),
  };
}

/** `All 10 parts work.` or which ones do not. */
export function sentenceOfReadiness({ parts }: Readiness): string {
  const failing = parts.filter(({ state }) => state !== "ok").map(({ name }) => name);
  if (failing.length === 0) return `All ${parts.length} parts work.`;
  const last = failing.at(-1) ?? "";
  const names = failing.length === 1 ? last : `${failing.slice(0, -1).join(", ")} and ${last}`;
  return `${names[0]?.toUpperCase() ?? ""}${names.slice(1)} ${failing.length === 1 ? "does" : "do"} not work; ${parts.length - failing.length} of ${parts.length} parts do.`;
}

/** The version, as the server's own description of itself says it. */
export async function fetchVersion(signal: AbortSignal): Promise<string> {
  const answer = await fetch("/openapi.json", { signal });
  const document = (await answer.json()) as { info?: { version?: string } };
  return document.info?.version ?? "unknown";
}
