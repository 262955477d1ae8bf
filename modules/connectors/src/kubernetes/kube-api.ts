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

export interface KubeApi {
  /** All objects of a sort, in one namespace or in all of them, as they were at one moment. */
  list(sort: Sort, o?: { readonly namespace?: string; readonly selector?: string }): Promise<KubeObject[]>;
  /** Undefined when it is not there, or when the token may not get it. */
  get(sort: Sort, name: string): Promise<KubeObject | undefined>;
}

const PAGE = 250;
const MAX_PAGES = 2_000;
/** A list may change while its pages are read, and be dropped by the server meanwhile; so often it is begun anew. */
const MAX_BEGINNINGS = 3;

export function createKubeApi(call: ConnectorCall, { server, token, tls }: Access): KubeApi {
  const guarded: typeof call.fetch = (url, init) => call.fetch(url, { ...init, tls });
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ask = createAsk({ ...call, fetch: guarded }, { system: "Kubernetes", headers });

  return { list, get };

  async function list(sort: Sort, o: { readonly namespace?: string; readonly selector?: string } = {}): Promise<KubeObject[]> {
    for (let beginning = 0; beginning < MAX_BEGINNINGS; beginning++) {
      const items = await listOnce(sort, o);
      if (items) return items;
    }
    throw new UnavailableError(`Kubernetes dropped the list of ${sort.plural} while it was read, ${MAX_BEGINNINGS} times.`, {
      mend: "It is tried again later; fewer namespaces make shorter lists.",
    });
  }

  /** Undefined when the pages are no longer of one moment. */
  async function listOnce(
    sort: Sort,
    { namespace, selector = "" }: { readonly namespace?: string; readonly selector?: string },
  ): Promise<KubeObject[] | undefined> {
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
      if (next === "") return items;
    }
    throw new InvalidError(`The list of ${sort.plural} has more than ${PAGE * MAX_PAGES} objects.`, {
      mend: "Name the namespaces to be read.",
    });
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

/** Says which right is lacking, as a role would give it. */
function refuse({ status, body }: Answer, verb: string, { group, plural }: Sort, namespace?: string): void {
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
    mend: `Add to its ${namespace === undefined ? "ClusterRole" : "Role"}: apiGroups ["${group}"], resources ["${plural}"], verbs ["get", "list"]${
      namespace === undefined ? "; or name the namespaces it may read in the settings" : ""
    }.`,
  });
}
