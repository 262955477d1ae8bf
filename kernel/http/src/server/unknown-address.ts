import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { problemFor } from "../problem/problem.ts";
import { sendProblem } from "../problem/send-problem.ts";

/** The addresses there are and their methods, kept only to tell "no such address" from "not by this method". */
export type Routes = Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>;

/** Collects every route that is added from now on. */
export function watchRoutes(app: FastifyInstance): Routes {
  const routes: Routes = new Map();
  app.addHook("onRoute", ({ url, method }) => {
    // A catch-all (the web app, a raw mount) would turn every unknown address into a wrong method.
    if (url.endsWith("*")) return;
    const known = routes.get(url) ?? { pattern: toPattern(url), methods: new Set<string>() };
    for (const each of [method].flat()) known.methods.add(each);
    routes.set(url, known);
  });
  return routes;
}

/** 405 with Allow where the address exists for other methods, else 404; both as problem+json. */
export function answerUnknownAddress(routes: Routes, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split("?", 1)[0] ?? "/";
  const methods = [...routes.values()].filter(({ pattern }) => pattern.test(path)).flatMap((route) => [...route.methods]);
  if (methods.length > 0) {
    const allow = [...new Set(methods)].toSorted().join(", ");
    return sendProblem(
      reply.header("allow", allow),
      problemFor("INVALID", request.id, {
        status: 405,
        title: "Wrong method",
        detail: `${path} does not take ${request.method}.`,
        mend: `Use one of: ${allow}.`,
      }),
    );
  }
  return sendProblem(
    reply,
    problemFor("NOT_FOUND", request.id, {
      detail: `There is nothing at ${path}.`,
      mend: "Compare the address with /openapi.json; a slash inside a name is written %2F.",
    }),
  );
}

function toPattern(url: string): RegExp {
  const source = url
    .split("/")
    .map((part) => (part.startsWith(":") ? "[^/]+" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)))
    .join("/");
  return new RegExp(`^${source}$`);
}
