import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { flag, number, oneOf, text, texts, type Raw } from "../url-state.ts";
import { app } from "./app.ts";

const catalogue = createRoute({
  getParentRoute: () => app,
  path: "/catalog",
  validateSearch: (raw: Raw) => ({
    ...text(raw, "q"),
    ...texts(raw, "kind"),
    ...texts(raw, "type"),
    ...texts(raw, "owner"),
    ...texts(raw, "lifecycle"),
    ...texts(raw, "system"),
    ...texts(raw, "tag"),
    ...text(raw, "sort"),
    ...text(raw, "asOf"),
    ...texts(raw, "columns"),
    ...oneOf(raw, "density", ["compact", "cosy"] as const),
  }),
  component: lazyRouteComponent(() => import("../pages/catalogue/CataloguePage.tsx"), "CataloguePage"),
});

const entity = createRoute({
  getParentRoute: () => app,
  path: "/entities/$kind/$namespace/$name",
  validateSearch: (raw: Raw) => ({ ...text(raw, "tab"), ...text(raw, "page"), ...text(raw, "range"), ...text(raw, "asOf") }),
  component: lazyRouteComponent(() => import("../pages/entity/EntityPage.tsx"), "EntityPage"),
});

const graph = createRoute({
  getParentRoute: () => app,
  path: "/graph",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "group", ["system", "domain", "owner", "kind", "none"] as const),
    ...texts(raw, "open"),
    ...text(raw, "select"),
    ...texts(raw, "kind"),
    ...oneOf(raw, "view", ["graph", "table", "drift"] as const),
    ...text(raw, "ref"),
    ...text(raw, "asOf"),
    ...number(raw, "depth"),
    ...oneOf(raw, "direction", ["up", "down"] as const),
    ...oneOf(raw, "origin", ["declared", "observed", "inferred"] as const),
    ...text(raw, "impact"),
    ...(typeof raw["from"] === "string" ? { from: raw["from"] as string | undefined } : {}),
    ...text(raw, "to"),
    ...oneOf(raw, "way", ["up", "any"] as const),
    ...oneOf(raw, "finding", ["unseen", "undeclared", "unknown"] as const),
    ...number(raw, "days"),
  }),
  component: lazyRouteComponent(() => import("../pages/graph/GraphPage.tsx"), "GraphPage"),
});

const changes = createRoute({
  getParentRoute: () => app,
  path: "/changes",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "tab", ["timeline", "difference", "removed"] as const),
    ...text(raw, "range"),
    ...text(raw, "about"),
    ...text(raw, "owner"),
    ...text(raw, "system"),
    ...flag(raw, "near"),
    ...texts(raw, "sort"),
    ...text(raw, "from"),
    ...text(raw, "to"),
    ...text(raw, "filter"),
    ...oneOf(raw, "change", ["added", "removed", "changed"] as const),
  }),
  component: lazyRouteComponent(() => import("../pages/changes/ChangesPage.tsx"), "ChangesPage"),
});

const sources = createRoute({
  getParentRoute: () => app,
  path: "/sources",
  validateSearch: (raw: Raw) => ({ ...text(raw, "connect") }),
  component: lazyRouteComponent(() => import("../pages/sources/SourcesPage.tsx"), "SourcesPage"),
});

const source = createRoute({
  getParentRoute: () => app,
  path: "/sources/$id",
  component: lazyRouteComponent(() => import("../pages/sources/SourcePage.tsx"), "SourcePage"),
});

const discover = createRoute({
  getParentRoute: () => app,
  path: "/discover",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "tab", ["proposals", "people"] as const),
    ...oneOf(raw, "state", ["open", "accepted", "refused"] as const),
    ...text(raw, "kind"),
    ...oneOf(raw, "owner", ["known", "unknown"] as const),
    ...number(raw, "min"),
    ...text(raw, "q"),
    ...text(raw, "select"),
    ...flag(raw, "changed"),
  }),
  component: lazyRouteComponent(() => import("../pages/discover/DiscoverPage.tsx"), "DiscoverPage"),
});

const ownership = createRoute({
  getParentRoute: () => app,
  path: "/ownership",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "view", ["orphans", "teams", "owned", "left", "history"] as const),
    ...oneOf(raw, "reason", ["none", "unknown", "empty", "left"] as const),
    ...text(raw, "kind"),
    ...text(raw, "q"),
    ...text(raw, "ref"),
    ...flag(raw, "within"),
  }),
  component: lazyRouteComponent(() => import("../pages/ownership/OwnershipPage.tsx"), "OwnershipPage"),
});

const kind = createRoute({
  getParentRoute: () => app,
  path: "/kinds/$name",
  component: lazyRouteComponent(() => import("../pages/kinds/KindPage.tsx"), "KindPage"),
});

const newKind = createRoute({
  getParentRoute: () => app,
  path: "/new-kind",
  component: lazyRouteComponent(() => import("../pages/kinds/KindPage.tsx"), "NewKindPage"),
});

const saveEntity = createRoute({
  getParentRoute: () => app,
  path: "/save",
  validateSearch: (raw: Raw) => ({ ...text(raw, "kind"), ...text(raw, "ref") }),
  component: lazyRouteComponent(() => import("../pages/kinds/SaveEntityPage.tsx"), "SaveEntityPage"),
});

/** The catalogue's pages. */
export const catalogRoutes = [catalogue, entity, graph, changes, sources, source, discover, ownership, kind, newKind, saveEntity] as const;
