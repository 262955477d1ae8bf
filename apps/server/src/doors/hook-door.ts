import type { Catalog } from "@roadbed/catalog";
import type { Paths } from "@roadbed/paths";
import { ForbiddenError, parseInput, UnauthenticatedError, type Call } from "@roadbed/core";
import type { FastifyInstance, FastifyRequest } from "@roadbed/http";
import { z } from "zod";

/** What Git hosts say of a push, as far as we read it: each names the repository by one of these addresses. */
const Push = z.looseObject({
  repository: z
    .looseObject({
      clone_url: z.string().optional(),
      ssh_url: z.string().optional(),
      git_http_url: z.string().optional(),
      git_ssh_url: z.string().optional(),
      url: z.string().optional(),
    })
    .optional(),
  project: z.looseObject({ git_http_url: z.string().optional(), git_ssh_url: z.string().optional() }).optional(),
});

export interface HookDoorOptions {
  readonly catalog: Pick<Catalog, "notifyPush" | "receiveHook">;
  readonly paths: Pick<Paths, "receiveCallback">;
  readonly authenticate: (request: FastifyRequest) => Promise<(Pick<Call, "scopes"> & { readonly via: "cookie" | "token" }) | undefined>;
}

/** Read before its signature can be checked; a push of very many commits may be larger, and is found at the next hour. */
const MAX_MESSAGE = 8 * 1024 * 1024;

/**
 * `POST /hooks/sources/{id}`: a system tells of changes to one source, signed with the secret of its webhook.
 * `POST /hooks/provisions/{id}`: a provisioner tells how what a step asked came out, signed with the secret of its connection.
 * `POST /hooks/push`: a Git host tells of a push, and the sources that read the repository are read again at once. The
 * token (scope `catalog:write`) travels as a bearer, or in the hook's address: `https://hook:TOKEN@host/hooks/push`.
 */
export function openHookDoor(app: FastifyInstance, { catalog, paths, authenticate }: HookDoorOptions): void {
  void app.register(async (raw) => {
    // A signature is of the bytes as they came.
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: MAX_MESSAGE }, (_, body, done) => done(null, body));
    raw.post<{ Params: { id: string } }>("/hooks/sources/:id", async (request) => {
      return catalog.receiveHook(request.params.id, messageOf(request));
    });
    raw.post<{ Params: { id: string } }>("/hooks/provisions/:id", async (request) =>
      paths.receiveCallback(request.params.id, messageOf(request)),
    );
  });
  app.post("/hooks/push", async (request) => {
    const caller = await authenticate(request);
    // A cookie does not count: a browser sends it for any page.
    if (caller?.via !== "token")
      throw new UnauthenticatedError("A hook needs a token.", {
        mend: "Put it in the hook's address: https://hook:TOKEN@host/hooks/push.",
      });
    if (!caller.scopes.has("catalog:write") && !caller.scopes.has("*"))
      throw new ForbiddenError("This token may not change the catalogue.", { mend: "Make one with the scope catalog:write." });
    const { repository, project } = parseInput(Push, request.body);
    const addresses = new Set(
      [...Object.values(repository ?? {}), ...Object.values(project ?? {})].filter(
        (value): value is string => typeof value === "string" && /^(https?:|ssh:|git@|file:)/.test(value),
      ),
    );
    let sources = 0;
    for (const address of addresses) sources += await catalog.notifyPush(address);
    return { sources };
  });
}

/** Headers and bytes as they came. */
function messageOf(request: FastifyRequest): { headers: Record<string, string | undefined>; body: Uint8Array } {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
  return { headers, body: Buffer.isBuffer(request.body) ? request.body : new Uint8Array() };
}
