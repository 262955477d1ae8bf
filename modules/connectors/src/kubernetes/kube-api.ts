import type { ConnectorCall } from "@roadbed/contracts/connector";
import { InvalidError, UnavailableError } from "@roadbed/core";

import { createAsk, type Answer } from "../lib/ask.ts";
import { record, textOf } from "../lib/git-host.ts";
import type { Access } from "./settings.ts";

/** A sort of object of the API, as its lists are addressed. */
export interface Sort {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

export type KubeObject = Readonly<Record<string, unknown>>;

export interface Scope {
  readonly namespace?: string;
  readonly selector?: string;
}

export interface KubeApi {
  /** All objects of a sort, in one namespace or in all of them, as they were at one moment. */
  list(sort: Sort, o?: { readonly namespace?: string; readonly selector?: string }): Promise<KubeObject[]>;
  /** The same, with the version of that moment. */
  listAt(sort: Sort, o?: Scope): Promise<{ readonly items: KubeObject[]; readonly version: string }>;
  /**
   * What changes from a version on, until the server or the time ends it. Answers the version from which to go on; undefined when the
   * server has forgotten it, and everything must be listed again.
   */
  watch(
    sort: Sort,
    o: Scope & { readonly from: string; readonly signal: AbortSignal },
    tell: (type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject) => void,
  ): Promise<string | undefined>;
  /** Undefined when it is not there, or when the token may not get it. */
  get(sort: Sort, name: string): Promise<KubeObject | undefined>;
}

const PAGE = 250;
const MAX_PAGES = 2_000;
/** Shorter than any answer may take: the server ends it, and it is begun anew at the version that was reached. */
const WATCH_SECONDS = 25;
/** A list may change while its pages are read, and be dropped by the server meanwhile; so often it is begun anew. */
const MAX_BEGINNINGS = 3;

export function createKubeApi(call: ConnectorCall, { server, token, tls }: Access): KubeApi {
  const guarded: typeof call.fetch = (url, init) => call.fetch(url, { ...init, tls });
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ask = createAsk({ ...call, fetch: guarded }, { system: "Kubernetes", headers });

  return { list: async (sort, o) => (await listAt(sort, o)).items, listAt, watch, get };

  async function listAt(sort: Sort, o: Scope = {}): Promise<{ readonly items: KubeObject[]; readonly version: string }> {
    for (let beginning = 0; beginning < MAX_BEGINNINGS; beginning++) {
      const listed = await listOnce(sort, o);
      if (listed) return listed;
    }
    throw new UnavailableError(`Kubernetes dropped the list of ${sort.plural} while it was read, ${MAX_BEGINNINGS} times.`, {
      mend: "It is tried again later; fewer namespaces make shorter lists.",
    });
  }

  /** Undefined when the pages are no longer of one moment. */
  async function listOnce(
    sort: Sort,
    { namespace, selector = "" }: Scope,
  ): Promise<{ readonly items: KubeObject[]; readonly version: string } | undefined> {
    const items: KubeObject[] = [];
    let version: string | undefined;
    let next = "";
    for (let page = 0; page < MAX_PAGES; page++) {
      const params = new URLSearchParams({ limit: String(PAGE) });
      if (selector !== "") params.set("labelSelector", selector);
      if (next !== "") params.set("continue", next);
      const answer = await ask(`${addressOf(sort, namespace)}?${params}`, { accept: [401, 403, 410] });
      if (answer.status === 410) return undefined;
      refuse(answer, "list", sort, namespace);
      const body = record(answer.body);
      if (!Array.isArray(body["items"]))
        throw new UnavailableError(`Kubernetes answered no list of ${sort.plural}.`, { mend: "Check the address of the API server." });
      const metadata = record(body["metadata"]);
      const at = textOf(metadata["resourceVersion"]);
      if (version !== undefined && at !== version) return undefined;
      version = at;
      items.push(...(body["items"] as KubeObject[]));
      next = textOf(metadata["continue"]) ?? "";
      if (next === "") return { items, version: version ?? "" };
    }
    throw new InvalidError(`The list of ${sort.plural} has more than ${PAGE * MAX_PAGES} objects.`, {
      mend: "Name the namespaces to be read.",
    });
  }

  async function watch(sort: Sort, o: Parameters<KubeApi["watch"]>[1], tell: Parameters<KubeApi["watch"]>[2]): Promise<string | undefined> {
    const { namespace, selector = "", from, signal } = o;
    const params = new URLSearchParams({
      watch: "1",
      allowWatchBookmarks: "true",
      resourceVersion: from,
      timeoutSeconds: String(WATCH_SECONDS),
      ...(selector === "" ? {} : { labelSelector: selector }),
    });
    const response = await guarded(`${addressOf(sort, namespace)}?${params}`, {
      headers: { accept: "application/json", ...headers },
      signal: AbortSignal.any([call.signal, signal]),
    });
    if (response.status === 410) return undefined;
    if (!response.ok) {
      const body = await response.json().catch(() => undefined);
      refuse({ status: response.status, body }, "watch", sort, namespace);
      throw new UnavailableError(`Kubernetes answered ${response.status} when it was to tell of changes of ${sort.plural}.`, {
        mend: "It is read by its schedule.",
      });
    }
    let version = from;
    try {
      for await (const line of linesOf(response)) {
        const { type, object: given } = record(JSON.parse(line));
        const object = record(given);
        if (type === "ERROR") return undefined;
        version = textOf(record(object["metadata"])["resourceVersion"]) ?? version;
        // A bookmark says only how far it is.
        if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") tell(type, object);
      }
    } catch (error) {
      // A connection that breaks is begun anew where it was; nothing that happened meanwhile is lost.
      if (signal.aborted || call.signal.aborted) throw error;
    }
    return version;
  }

  async function get(sort: Sort, name: string): Promise<KubeObject | undefined> {
    const answer = await ask(`${addressOf(sort)}/${encodeURIComponent(name)}`, { accept: [401, 403, 404] });
    if (answer.status === 401) refuse(answer, "get", sort);
    return answer.status === 200 ? record(answer.body) : undefined;
  }

  function addressOf({ group, version, plural }: Sort, namespace?: string): string {
    const root = group === "" ? `${server}/api/${version}` : `${server}/apis/${group}/${version}`;
    return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
  }
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== "") yield line;
  }
}

/** Says which right is lacking, as a role would give it. */
function refuse({ status, body }: Pick<Answer, "status" | "body">, verb: string, { group, plural }: Sort, namespace?: string): void {
  if (status === 401) {
    throw new InvalidError("Kubernetes does not know the token (401).", {
      mend: "It may have expired. Make another one: kubectl create token NAME --duration 8760h, or a Secret of type kubernetes.io/service-account-token.",
    });
  }
  if (status !== 403) return;
  const resource = group === "" ? plural : `${plural}.${group}`;
  const where = namespace === undefined ? "in all namespaces" : `in the namespace ${namespace}`;
  const said = textOf(record(body)["message"]);
  throw new InvalidError(`The token may not ${verb} ${resource} ${where} (403)${said === undefined ? "." : `: ${said}`}`, {
    mend: `Add to its ${namespace === undefined ? "ClusterRole" : "Role"}: apiGroups ["${group}"], resources ["${plural}"], verbs ["get", "list", "watch"]${
      namespace === undefined ? "; or name the namespaces it may read in the settings" : ""
    }.`,
  });
}
