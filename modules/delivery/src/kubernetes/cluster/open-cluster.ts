import { ConflictError, DomainError, ForbiddenError, NotFoundError, UnavailableError } from "@roadbed/core";
import type * as Client from "@kubernetes/client-node";

import type { ClusterAccess } from "../../deps.ts";
import { pathOf, type KubeObject, type Sort } from "./sorts.ts";

/** What delivery does with a cluster's API, through `@kubernetes/client-node` and the server's guarded way out. */
export interface Cluster {
  /** Follows a list by watching it; `changed` after each change, `problem` when it cannot be followed and again (undefined) when it can. */
  follow(sort: Sort, scope: Scope, hear: { readonly changed: () => void; readonly problem: (why: string | undefined) => void }): Followed;
  /** A merge patch, of the object or of its status. Throws `ConflictError` where another got in between again and again. */
  patch(sort: Sort, at: { readonly namespace: string; readonly name: string }, body: object, part?: "status"): Promise<void>;
  /** Lines with their times. */
  logs(
    pod: { readonly namespace: string; readonly name: string; readonly container: string },
    o: { readonly tail?: number | undefined; readonly sinceSeconds?: number | undefined },
  ): Promise<string>;
}

export interface Scope {
  readonly namespace?: string | undefined;
  readonly selector?: string | undefined;
}

export interface Followed {
  objects(): readonly KubeObject[];
  /** When it was known last to be complete. */
  seenAt(): Date | undefined;
  stop(): void;
}

/** Shorter than the server's way out lets any answer take; it is begun anew at the version that was reached. */
const WATCH_SECONDS = 25;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const CONFLICTS = 4;

export interface OpenClusterOptions {
  readonly name: string;
  readonly fetch: typeof fetch;
  /** Milliseconds before a list that cannot be followed is tried again, doubled each time. */
  readonly firstWaitMs?: number;
}

/** The client is large: it is read when the first environment is a cluster. */
export async function openCluster({ server, token, tls }: ClusterAccess, o: OpenClusterOptions): Promise<Cluster> {
  const client = await import("@kubernetes/client-node");
  const send = (url: string, init: RequestInit): Promise<Response> => {
    const headers = {
      ...(init.headers as Record<string, string> | undefined),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return o.fetch(url, { ...init, headers, tls } as RequestInit);
  };
  const configuration = client.createConfiguration({
    baseServer: new client.ServerConfiguration(server, {}),
    httpApi: client.wrapHttpLibrary({ send: (request) => sendRequest(client, send, request) }),
    authMethods: {},
  });
  const custom = new client.CustomObjectsApi(configuration);
  const core = new client.CoreV1Api(configuration);

  async function list(sort: Sort, { namespace, selector }: Scope): Promise<Client.KubernetesListObject<Client.KubernetesObject>> {
    const labelSelector = selector === undefined ? {} : { labelSelector: selector };
    if (sort.group === "") {
      return namespace === undefined
        ? core.listPodForAllNamespaces(labelSelector)
        : core.listNamespacedPod({ namespace, ...labelSelector });
    }
    return (await (namespace === undefined
      ? custom.listCustomObjectForAllNamespaces({ ...sort, resourcePlural: sort.plural, ...labelSelector })
      : custom.listNamespacedCustomObject({
          ...sort,
          namespace,
          ...labelSelector,
        }))) as Client.KubernetesListObject<Client.KubernetesObject>;
  }

  function follow(sort: Sort, scope: Scope, { changed, problem }: Parameters<Cluster["follow"]>[2]): Followed {
    let [stopped, isOpen, waitMs] = [false, false, o.firstWaitMs ?? FIRST_WAIT_MS];
    let seenAt: Date | undefined;
    let again: NodeJS.Timeout | undefined;
    const well = (): void => {
      [isOpen, seenAt] = [true, new Date()];
      waitMs = o.firstWaitMs ?? FIRST_WAIT_MS;
      problem(undefined);
    };
    const path = pathOf(sort, scope.namespace);
    const over = (): void => {
      // As long as it was open, whatever happened would have been told.
      if (isOpen) [isOpen, seenAt] = [false, new Date()];
    };
    const watch = makeWatch(send, server, { well, over });
    const listed = async (): Promise<Client.KubernetesListObject<Client.KubernetesObject>> => {
      const found = await list(sort, scope);
      // A change is told after the list has been taken in.
      setImmediate(changed);
      return found;
    };
    const lists = new client.ListWatch(path, watch as unknown as Client.Watch, listed, false, scope.selector);
    lists.on("change", changed);
    lists.on("error", (error: unknown) => {
      if (stopped) return;
      problem(wordsOf(error, o.name, `list and watch ${sort.plural}`));
      again = setTimeout(() => void lists.start(), waitMs).unref();
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    });
    void lists.start();
    return {
      objects: () => lists.list() as readonly KubeObject[],
      seenAt: () => (isOpen ? new Date() : seenAt),
      stop: () => {
        stopped = true;
        clearTimeout(again);
        void lists.stop();
      },
    };
  }

  return {
    follow,
    async patch(sort, { namespace, name }, body, part) {
      const how = client.setHeaderOptions("Content-Type", client.PatchStrategy.MergePatch);
      const what = { ...sort, namespace, name, body };
      for (let attempt = 1; ; attempt++) {
        try {
          await (part === "status" ? custom.patchNamespacedCustomObjectStatus(what, how) : custom.patchNamespacedCustomObject(what, how));
          return;
        } catch (error) {
          if (codeOf(error) === 409 && attempt < CONFLICTS) continue;
          throw faultOf(error, o.name, `patch ${sort.plural}${part === undefined ? "" : `/${part}`}`);
        }
      }
    },
    async logs({ namespace, name, container }, { tail, sinceSeconds }) {
      try {
        return await core.readNamespacedPodLog({
          namespace,
          name,
          container,
          timestamps: true,
          ...(tail === undefined ? {} : { tailLines: tail }),
          ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
        });
      } catch (error) {
        throw faultOf(error, o.name, "get pods/log");
      }
    },
  };
}

type Send = (url: string, init: RequestInit) => Promise<Response>;

async function sendRequest(client: typeof Client, send: Send, request: Client.RequestContext): Promise<Client.ResponseContext> {
  const body = request.getBody();
  const response = await send(request.getUrl(), {
    method: request.getHttpMethod().toString(),
    headers: request.getHeaders(),
    ...(body === undefined ? {} : { body: body as string }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return new client.ResponseContext(response.status, Object.fromEntries(response.headers), {
    text: async () => bytes.toString("utf8"),
    binary: async () => bytes,
    stream: () => new Response(bytes).body as never,
  });
}

/** What `ListWatch` asks of a watch, through the guarded way out. A watch that ran its time is begun anew at once. */
function makeWatch(send: Send, server: string, hear: { well(): void; over(): void }): Pick<Client.Watch, "watch"> {
  return {
    async watch(path, query, tell, done) {
      const over = new AbortController();
      const url = new URL(server + path);
      const params = { ...query, watch: "true", allowWatchBookmarks: "true", timeoutSeconds: String(WATCH_SECONDS) };
      for (const [key, value] of Object.entries(params)) if (value !== undefined) url.searchParams.set(key, String(value));
      const began = performance.now();
      void (async () => {
        try {
          const response = await send(url.href, { headers: { accept: "application/json" }, signal: over.signal });
          if (!response.ok) throw Object.assign(new Error(await messageIn(response)), { statusCode: response.status });
          hear.well();
          for await (const line of linesOf(response)) {
            const { type, object } = JSON.parse(line) as { type: string; object: unknown };
            await (tell as (type: string, object: unknown) => unknown)(type, object);
            hear.well();
          }
          hear.over();
          done(performance.now() - began > 1_000 ? Object.assign(new Error("The watch ran its time."), { name: "TimeoutError" }) : null);
        } catch (error) {
          hear.over();
          if (!over.signal.aborted) done(error);
        }
      })();
      return over;
    },
  };
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

async function messageIn(response: Response): Promise<string> {
  const body = (await response.json().catch(() => undefined)) as { message?: unknown } | undefined;
  return typeof body?.message === "string" ? body.message : response.statusText;
}

function codeOf(error: unknown): number | undefined {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  return typeof code === "number" ? code : typeof statusCode === "number" ? statusCode : undefined;
}

/** An error of the API in our words, with the right that is lacking as a role would give it. */
export function faultOf(error: unknown, cluster: string, act: string): DomainError {
  if (error instanceof DomainError) return error;
  const said = saidIn(error);
  switch (codeOf(error)) {
    case 401:
      return new ForbiddenError(`The cluster ${cluster} does not know the token (401).`, {
        mend: "It may have expired: make another one, and save the settings of its source.",
      });
    case 403:
      return new ForbiddenError(`The token may not ${act} in ${cluster} (403): ${said}`, {
        mend: "Give its role what docs/guides/kubernetes.md lists.",
      });
    case 404:
      return new NotFoundError("object", `to ${act} in ${cluster}: ${said}`);
    case 409:
      return new ConflictError(`Somebody else changes it in ${cluster} all the time (409): ${said}`, { mend: "Try again." });
    case undefined:
      return new UnavailableError(`The cluster ${cluster} does not answer: ${said}`, { mend: "Check that its API server can be reached." });
    default:
      return new UnavailableError(`The cluster ${cluster} answered ${codeOf(error)} to ${act}: ${said}`, { mend: "It is tried again." });
  }
}

function wordsOf(error: unknown, cluster: string, act: string): string {
  const { message, mend } = faultOf(error, cluster, act);
  return [message, mend].filter(Boolean).join(" ");
}

function saidIn(error: unknown): string {
  const { body, message } = error as { body?: unknown; message?: string };
  const parsed = typeof body === "string" ? tryParse(body) : body;
  const said = (parsed as { message?: unknown } | undefined)?.message;
  return typeof said === "string" ? said : (message ?? String(error)).split("\n")[0]!.slice(0, 300);
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
