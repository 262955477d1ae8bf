import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { oneOf, text, type Raw } from "../url-state.ts";
import { app } from "./app.ts";

const home = createRoute({
  getParentRoute: () => app,
  path: "/",
  component: lazyRouteComponent(() => import("../pages/home/HomePage.tsx"), "HomePage"),
});

const audit = createRoute({
  getParentRoute: () => app,
  path: "/audit",
  validateSearch: (raw: Raw) => ({ ...text(raw, "actor"), ...text(raw, "operation"), ...text(raw, "resource") }),
  component: lazyRouteComponent(() => import("../pages/settings/AuditPage.tsx"), "AuditPage"),
});

const inbox = createRoute({
  getParentRoute: () => app,
  path: "/inbox",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "view", ["notices", "approvals", "announcements", "following", "channels"] as const) }),
  component: lazyRouteComponent(() => import("../pages/inbox/InboxPage.tsx"), "InboxPage"),
});

const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "tab", ["you", "tokens", "people", "kinds", "connections", "about"] as const) }),
  component: lazyRouteComponent(() => import("../pages/settings/SettingsPage.tsx"), "SettingsPage"),
});

const apiDocs = createRoute({
  getParentRoute: () => app,
  path: "/api-docs",
  component: lazyRouteComponent(() => import("../pages/api-docs/ApiDocsPage.tsx"), "ApiDocsPage"),
});

const design = createRoute({
  getParentRoute: () => app,
  path: "/design",
  component: lazyRouteComponent(() => import("../pages/DesignPage.tsx"), "DesignPage"),
});

/** Home, the inbox and settings. */
export const restRoutes = [home, audit, inbox, settings, apiDocs, design] as const;
