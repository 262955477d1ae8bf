import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { oneOf, text, type Raw } from "../url-state.ts";
import { app } from "./app.ts";

const insights = createRoute({
  getParentRoute: () => app,
  path: "/insights",
  validateSearch: (raw: Raw) => text(raw, "about"),
  component: lazyRouteComponent(() => import("../pages/insights/InsightsPage.tsx"), "InsightsPage"),
});

const adoption = createRoute({
  getParentRoute: () => app,
  path: "/adoption",
  component: lazyRouteComponent(() => import("../pages/adoption/AdoptionPage.tsx"), "AdoptionPage"),
});

const capability = createRoute({
  getParentRoute: () => app,
  path: "/adoption/$name",
  validateSearch: (raw: Raw) => oneOf(raw, "only", ["eligible", "active", "drifting", "not-yet"] as const),
  component: lazyRouteComponent(() => import("../pages/adoption/CapabilityPage.tsx"), "CapabilityPage"),
});

const aboutYou = createRoute({
  getParentRoute: () => app,
  path: "/about-you",
  component: lazyRouteComponent(() => import("../pages/adoption/AboutYouPage.tsx"), "AboutYouPage"),
});

const value = createRoute({
  getParentRoute: () => app,
  path: "/value",
  component: lazyRouteComponent(() => import("../pages/value/ValuePage.tsx"), "ValuePage"),
});

const measures = createRoute({
  getParentRoute: () => app,
  path: "/measures",
  component: lazyRouteComponent(() => import("../pages/insights/MeasuresPage.tsx"), "MeasuresPage"),
});

const measure = createRoute({
  getParentRoute: () => app,
  path: "/measures/$measure",
  validateSearch: (raw: Raw) => text(raw, "about"),
  component: lazyRouteComponent(() => import("../pages/insights/MeasurePage.tsx"), "MeasurePage"),
});

/** Pages of the platform as a product. */
export const productRoutes = [insights, adoption, capability, aboutYou, value, measures, measure] as const;
