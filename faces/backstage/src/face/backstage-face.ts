import type { Handler, Runtime } from "@roadbed/core";
import type { FastifyInstance } from "@roadbed/http";

import { addEntityRoutes } from "../entities/entity-routes.ts";
import { addFacetRoutes } from "../entities/facet-routes.ts";
import { addQueryRoutes } from "../entities/query-routes.ts";
import { addLocationRoutes } from "../locations/location-routes.ts";
import { addScaffolderRoutes } from "../scaffolder/scaffolder-routes.ts";
import { createAsk, type Authenticate } from "./ask.ts";
import { sendError } from "./errors.ts";

export interface BackstageFaceOptions {
  /** The operations of the catalogue and of golden paths, those for this face among them. */
  readonly handlers: readonly Handler[];
  readonly runtime: Runtime;
  readonly authenticate: Authenticate;
  readonly allowedOrigins?: readonly string[];
}

/** Where Backstage's own catalogue answers: `discovery.getBaseUrl("catalog")` of its clients gives this. */
const PREFIX = "/api/catalog";
/** The same of Backstage's scaffolder. */
const SCAFFOLDER = "/api/scaffolder";

/**
 * The HTTP contract of Backstage's catalogue and scaffolder, so that its client and what is built on it work unchanged: same routes, parameters,
 * cursors and errors.
 */
export function backstageFace(app: FastifyInstance, options: BackstageFaceOptions): void {
  const ask = createAsk(options);
  void app.register(
    async (scope) => {
      scope.setErrorHandler((error, request, reply) => sendError(error, request, reply));
      scope.setNotFoundHandler((request, reply) => sendError(undefined, request, reply));
      addEntityRoutes(scope, ask);
      addQueryRoutes(scope, ask);
      addFacetRoutes(scope, ask);
      addLocationRoutes(scope, ask);
    },
    { prefix: PREFIX },
  );
  void app.register(
    async (scope) => {
      scope.setErrorHandler((error, request, reply) => sendError(error, request, reply));
      scope.setNotFoundHandler((request, reply) => sendError(undefined, request, reply));
      addScaffolderRoutes(scope, ask);
    },
    { prefix: SCAFFOLDER },
  );
}
