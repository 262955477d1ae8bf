import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { flag, oneOf, text, type Raw } from "../url-state.ts";
import { app } from "./app.ts";

const delivery = createRoute({
  getParentRoute: () => app,
  path: "/delivery",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "tab", ["workloads", "deployments", "changes", "repositories"] as const) }),
  component: lazyRouteComponent(() => import("../pages/delivery/DeliveryPage.tsx"), "DeliveryPage"),
});

const environments = createRoute({
  getParentRoute: () => app,
  path: "/environments",
  validateSearch: (raw: Raw) => ({ ...text(raw, "select") }),
  component: lazyRouteComponent(() => import("../pages/environments/EnvironmentsPage.tsx"), "EnvironmentsPage"),
});

const calendar = createRoute({
  getParentRoute: () => app,
  path: "/calendar",
  validateSearch: (raw: Raw) => ({
    ...text(raw, "environment"),
    ...oneOf(raw, "span", ["week", "month", "quarter"] as const),
    ...text(raw, "from"),
  }),
  component: lazyRouteComponent(() => import("../pages/calendar/CalendarPage.tsx"), "CalendarPage"),
});

const change = createRoute({
  getParentRoute: () => app,
  path: "/delivery/changes/$id",
  component: lazyRouteComponent(() => import("../pages/delivery/ChangePage.tsx"), "ChangePage"),
});

const releases = createRoute({
  getParentRoute: () => app,
  path: "/releases",
  validateSearch: (raw: Raw) => ({
    ...text(raw, "entity"),
    ...oneOf(raw, "tab", ["fleet", "releases", "promotions", "waiting"] as const),
    ...oneOf(raw, "only", ["behind", "stuck", "ahead", "held"] as const),
  }),
  component: lazyRouteComponent(() => import("../pages/releases/ReleasesPage.tsx"), "ReleasesPage"),
});

const release = createRoute({
  getParentRoute: () => app,
  path: "/releases/$release",
  validateSearch: (raw: Raw) => ({ ...text(raw, "with") }),
  component: lazyRouteComponent(() => import("../pages/releases/ReleasePage.tsx"), "ReleasePage"),
});

const evaluations = createRoute({
  getParentRoute: () => app,
  path: "/evaluations",
  validateSearch: (raw: Raw) => ({ ...text(raw, "entity") }),
  component: lazyRouteComponent(() => import("../pages/evaluations/EvaluationsPage.tsx"), "EvaluationsPage"),
});

const evaluation = createRoute({
  getParentRoute: () => app,
  path: "/evaluations/$id",
  validateSearch: (raw: Raw) => ({ ...text(raw, "with") }),
  component: lazyRouteComponent(() => import("../pages/evaluations/EvaluationPage.tsx"), "EvaluationPage"),
});

const promotion = createRoute({
  getParentRoute: () => app,
  path: "/promotions/$id",
  component: lazyRouteComponent(() => import("../pages/promotions/PromotionPage.tsx"), "PromotionPage"),
});

const drift = createRoute({
  getParentRoute: () => app,
  path: "/drift",
  validateSearch: (raw: Raw) => ({ ...text(raw, "entity"), ...text(raw, "environment"), ...flag(raw, "all") }),
  component: lazyRouteComponent(() => import("../pages/drift/DriftPage.tsx"), "DriftPage"),
});

const cdevents = createRoute({
  getParentRoute: () => app,
  path: "/cdevents",
  component: lazyRouteComponent(() => import("../pages/cdevents/CdEventsPage.tsx"), "CdEventsPage"),
});

const rollouts = createRoute({
  getParentRoute: () => app,
  path: "/rollouts",
  validateSearch: (raw: Raw) => ({ ...text(raw, "entity"), ...flag(raw, "active") }),
  component: lazyRouteComponent(() => import("../pages/rollouts/RolloutsPage.tsx"), "RolloutsPage"),
});

const rollout = createRoute({
  getParentRoute: () => app,
  path: "/rollouts/$id",
  component: lazyRouteComponent(() => import("../pages/rollouts/RolloutPage.tsx"), "RolloutPage"),
});

const pipelines = createRoute({
  getParentRoute: () => app,
  path: "/pipelines",
  validateSearch: (raw: Raw) => ({
    ...text(raw, "entity"),
    ...text(raw, "q"),
    ...oneOf(raw, "state", ["queued", "running", "succeeded", "failed", "cancelled", "superseded"] as const),
    ...oneOf(raw, "only", ["troubled", "latest"] as const),
  }),
  component: lazyRouteComponent(() => import("../pages/pipelines/PipelinesPage.tsx"), "PipelinesPage"),
});

const pipeline = createRoute({
  getParentRoute: () => app,
  path: "/pipelines/$id",
  validateSearch: (raw: Raw) => ({ ...text(raw, "step") }),
  component: lazyRouteComponent(() => import("../pages/pipelines/PipelineRunPage.tsx"), "PipelineRunPage"),
});

/** Pages of delivery. */
export const deliveryRoutes = [
  delivery,
  environments,
  calendar,
  change,
  releases,
  release,
  evaluations,
  evaluation,
  promotion,
  drift,
  cdevents,
  rollouts,
  rollout,
  pipelines,
  pipeline,
] as const;
