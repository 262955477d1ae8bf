import { createRootRoute, createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { Lost } from "../shell/Lost.tsx";
import { NotFound } from "../shell/NotFound.tsx";
import { PageFault } from "../shell/PageFault.tsx";
import { Shell } from "../shell/Shell.tsx";
import { text, type Raw } from "../url-state.ts";

export const root = createRootRoute({ notFoundComponent: Lost });

export const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (raw: Raw) => ({ ...text(raw, "to"), ...text(raw, "error") }),
  component: lazyRouteComponent(() => import("../pages/SignInPage.tsx"), "SignInPage"),
});

/** What every page of somebody who is signed in stands in. */
export const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: PageFault,
});
