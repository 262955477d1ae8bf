import { createRouter } from "@tanstack/react-router";

import { app, root, signIn } from "./routes/app.ts";
import { catalogRoutes } from "./routes/catalog.ts";
import { createRoutes } from "./routes/create.ts";
import { deliveryRoutes } from "./routes/delivery.ts";
import { observeRoutes } from "./routes/observe.ts";
import { productRoutes } from "./routes/product.ts";
import { restRoutes } from "./routes/rest.ts";
import { standardsRoutes } from "./routes/standards.ts";
import { Lost } from "./shell/Lost.tsx";

/**
 * The whole site, a file for each part of it. Each page is a chunk of its own; what stands in the URL is parsed at its route, once,
 * and a value that does not fit is dropped.
 */
const pages = [
  ...catalogRoutes,
  ...createRoutes,
  ...deliveryRoutes,
  ...observeRoutes,
  ...productRoutes,
  ...standardsRoutes,
  ...restRoutes,
] as const;

export const router = createRouter({
  routeTree: root.addChildren([signIn, app.addChildren(pages)]),
  defaultPreload: "intent",
  defaultPreloadDelay: 60,
  scrollRestoration: true,
  defaultNotFoundComponent: Lost,
});
