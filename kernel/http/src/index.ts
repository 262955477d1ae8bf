export type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

export { compressJson } from "./compress/compress-json.ts";
export { type Check, type CheckResult, type Readiness } from "./health/add-health.ts";
export { type ProblemBody, problemFor, STATUS, toProblemBody } from "./problem/problem.ts";
export { sendProblem } from "./problem/send-problem.ts";
export { createAddressGuard, type AddressGuard, type AddressGuardOptions } from "./outbound/address-guard.ts";
export { createGuardedFetch, type GuardedFetchOptions } from "./outbound/guarded-fetch.ts";
export { mountRaw, type RawHandler } from "./raw/mount-raw.ts";
export { CSRF_HEADER, requireSameOrigin } from "./security/same-origin.ts";
export { createHttpServer, type HttpServerOptions } from "./server/create-http-server.ts";
export { onClientGone } from "./server/client-gone.ts";
export { serveWebApp } from "./web-app/serve-web-app.ts";
