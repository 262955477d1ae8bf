import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { flag, number, oneOf, text, type Raw } from "../url-state.ts";
import { app } from "./app.ts";

const aiConditions = (raw: Raw) => ({
  ...text(raw, "range"),
  ...text(raw, "entityRef"),
  ...text(raw, "team"),
  ...text(raw, "service"),
  ...text(raw, "environment"),
  ...text(raw, "provider"),
  ...text(raw, "model"),
  ...text(raw, "prompt"),
  ...text(raw, "agent"),
  ...text(raw, "session"),
});

const services = createRoute({
  getParentRoute: () => app,
  path: "/observe",
  validateSearch: (raw: Raw) => ({
    ...text(raw, "range"),
    ...text(raw, "q"),
    ...oneOf(raw, "health", ["sick", "ok", "unknown"] as const),
    ...text(raw, "sort"),
  }),
  component: lazyRouteComponent(() => import("../pages/observe/ServicesPage.tsx"), "ServicesPage"),
});

const service = createRoute({
  getParentRoute: () => app,
  path: "/observe/services/$service",
  validateSearch: (raw: Raw) => ({ ...text(raw, "range") }),
  component: lazyRouteComponent(() => import("../pages/observe/ServicePage.tsx"), "ServicePage"),
});

const traces = createRoute({
  getParentRoute: () => app,
  path: "/traces",
  validateSearch: (raw: Raw) => ({
    ...text(raw, "range"),
    ...text(raw, "service"),
    ...text(raw, "operation"),
    ...number(raw, "minMs"),
    ...flag(raw, "errors"),
    ...oneOf(raw, "sort", ["newest", "slowest"] as const),
  }),
  component: lazyRouteComponent(() => import("../pages/observe/TracesPage.tsx"), "TracesPage"),
});

const trace = createRoute({
  getParentRoute: () => app,
  path: "/traces/$traceId",
  validateSearch: (raw: Raw) => ({ ...text(raw, "at"), ...text(raw, "span") }),
  component: lazyRouteComponent(() => import("../pages/observe/TracePage.tsx"), "TracePage"),
});

const logs = createRoute({
  getParentRoute: () => app,
  path: "/logs",
  validateSearch: (raw: Raw) => ({
    ...text(raw, "range"),
    ...text(raw, "service"),
    ...text(raw, "q"),
    ...text(raw, "traceId"),
    ...oneOf(raw, "severity", ["debug", "info", "warn", "error"] as const),
  }),
  component: lazyRouteComponent(() => import("../pages/observe/LogsPage.tsx"), "LogsPage"),
});

const intake = createRoute({
  getParentRoute: () => app,
  path: "/intake",
  component: lazyRouteComponent(() => import("../pages/observe/IntakePage.tsx"), "IntakePage"),
});

const incidents = createRoute({
  getParentRoute: () => app,
  path: "/incidents",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "state", ["open", "closed"] as const), ...text(raw, "declare") }),
  component: lazyRouteComponent(() => import("../pages/observe/IncidentsPage.tsx"), "IncidentsPage"),
});

const slos = createRoute({
  getParentRoute: () => app,
  path: "/slos",
  validateSearch: (raw: Raw) => ({ ...text(raw, "entity") }),
  component: lazyRouteComponent(() => import("../pages/slos/SlosPage.tsx"), "SlosPage"),
});

const slo = createRoute({
  getParentRoute: () => app,
  path: "/slos/$name",
  component: lazyRouteComponent(() => import("../pages/slos/SloPage.tsx"), "SloPage"),
});

const aiUse = createRoute({
  getParentRoute: () => app,
  path: "/ai-use",
  validateSearch: (raw: Raw) => ({
    ...aiConditions(raw),
    ...oneOf(raw, "by", ["model", "prompt", "agent", "team", "service", "provider", "environment", "operation"] as const),
  }),
  component: lazyRouteComponent(() => import("../pages/ai-use/AiUsePage.tsx"), "AiUsePage"),
});

const aiCalls = createRoute({
  getParentRoute: () => app,
  path: "/ai-use/calls",
  validateSearch: (raw: Raw) => ({ ...aiConditions(raw), ...flag(raw, "unpriced"), ...flag(raw, "errors") }),
  component: lazyRouteComponent(() => import("../pages/ai-use/AiCallsPage.tsx"), "AiCallsPage"),
});

/** Pages of telemetry and reliability. */
export const observeRoutes = [services, service, traces, trace, logs, intake, incidents, slos, slo, aiUse, aiCalls] as const;
