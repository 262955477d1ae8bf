import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { flag, number, oneOf, text, type Raw } from "../url-state.ts";
import { app } from "./app.ts";

const create = createRoute({
  getParentRoute: () => app,
  path: "/create",
  component: lazyRouteComponent(() => import("../pages/create/PathsPage.tsx"), "PathsPage"),
});

const follow = createRoute({
  getParentRoute: () => app,
  path: "/create/$path",
  validateSearch: (raw: Raw) => ({ ...number(raw, "step"), ...text(raw, "entity") }),
  component: lazyRouteComponent(() => import("../pages/create/FollowPathPage.tsx"), "FollowPathPage"),
});

const write = createRoute({
  getParentRoute: () => app,
  path: "/write",
  component: lazyRouteComponent(() => import("../pages/draft/DraftPage.tsx"), "DraftPage"),
});

const actions = createRoute({
  getParentRoute: () => app,
  path: "/write/actions",
  validateSearch: (raw: Raw) => ({ ...text(raw, "action") }),
  component: lazyRouteComponent(() => import("../pages/draft/ActionsPage.tsx"), "ActionsPage"),
});

const runs = createRoute({
  getParentRoute: () => app,
  path: "/runs",
  validateSearch: (raw: Raw) => ({ ...text(raw, "status"), ...flag(raw, "mine") }),
  component: lazyRouteComponent(() => import("../pages/runs/RunsPage.tsx"), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => app,
  path: "/runs/$id",
  component: lazyRouteComponent(() => import("../pages/runs/RunPage.tsx"), "RunPage"),
});

const compareRun = createRoute({
  getParentRoute: () => app,
  path: "/runs/$id/compare",
  validateSearch: (raw: Raw) => ({ ...text(raw, "with") }),
  component: lazyRouteComponent(() => import("../pages/runs/CompareRunsPage.tsx"), "CompareRunsPage"),
});

const lifetimes = createRoute({
  getParentRoute: () => app,
  path: "/lifetimes",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "state", ["active", "ending", "ended"] as const),
    ...flag(raw, "mine"),
  }),
  component: lazyRouteComponent(() => import("../pages/runs/LifetimesPage.tsx"), "LifetimesPage"),
});

const ledger = createRoute({
  getParentRoute: () => app,
  path: "/ledger",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "state", ["drifted", "older", "deviates", "current", "gone"] as const),
    ...text(raw, "q"),
    ...text(raw, "path"),
  }),
  component: lazyRouteComponent(() => import("../pages/ledger/LedgerPage.tsx"), "LedgerPage"),
});

const made = createRoute({
  getParentRoute: () => app,
  path: "/ledger/$id",
  component: lazyRouteComponent(() => import("../pages/ledger/MadePage.tsx"), "MadePage"),
});

const upgrades = createRoute({
  getParentRoute: () => app,
  path: "/upgrades",
  component: lazyRouteComponent(() => import("../pages/upgrades/UpgradesPage.tsx"), "UpgradesPage"),
});

const upgrade = createRoute({
  getParentRoute: () => app,
  path: "/upgrades/$id",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "state", ["conflicting", "open", "refused", "waiting", "merged", "closed"] as const),
  }),
  component: lazyRouteComponent(() => import("../pages/upgrades/UpgradePage.tsx"), "UpgradePage"),
});

const resources = createRoute({
  getParentRoute: () => app,
  path: "/resources",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "state", ["ready", "drifted", "failed", "destroyed"] as const), ...text(raw, "q") }),
  component: lazyRouteComponent(() => import("../pages/resources/ResourcesPage.tsx"), "ResourcesPage"),
});

const resource = createRoute({
  getParentRoute: () => app,
  path: "/resources/$id",
  component: lazyRouteComponent(() => import("../pages/resources/ResourcePage.tsx"), "ResourcePage"),
});

/** Pages of golden paths and of what they made. */
export const createRoutes = [
  create,
  follow,
  write,
  actions,
  runs,
  run,
  compareRun,
  lifetimes,
  ledger,
  made,
  upgrades,
  upgrade,
  resources,
  resource,
] as const;
