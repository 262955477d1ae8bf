import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { oneOf, text, type Raw } from "../url-state.ts";
import { app } from "./app.ts";

const policies = createRoute({
  getParentRoute: () => app,
  path: "/standards",
  validateSearch: (raw: Raw) => ({ ...text(raw, "pack") }),
  component: lazyRouteComponent(() => import("../pages/standards/PoliciesPage.tsx"), "PoliciesPage"),
});

const policy = createRoute({
  getParentRoute: () => app,
  path: "/standards/policies/$name",
  component: lazyRouteComponent(() => import("../pages/standards/PolicyPage.tsx"), "PolicyPage"),
});

const decisions = createRoute({
  getParentRoute: () => app,
  path: "/standards/decisions",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "verdict", ["allow", "warn", "deny", "unknown"] as const), ...text(raw, "entity") }),
  component: lazyRouteComponent(() => import("../pages/standards/DecisionsPage.tsx"), "DecisionsPage"),
});

const decision = createRoute({
  getParentRoute: () => app,
  path: "/standards/decisions/$id",
  component: lazyRouteComponent(() => import("../pages/standards/DecisionPage.tsx"), "DecisionPage"),
});

const scorecards = createRoute({
  getParentRoute: () => app,
  path: "/scorecards",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "by", ["owner", "system"] as const), ...text(raw, "scorecard") }),
  component: lazyRouteComponent(() => import("../pages/scorecards/ScorecardsPage.tsx"), "ScorecardsPage"),
});

const newScorecard = createRoute({
  getParentRoute: () => app,
  path: "/scorecards/new",
  component: lazyRouteComponent(() => import("../pages/scorecards/NewScorecardPage.tsx"), "NewScorecardPage"),
});

const scorecard = createRoute({
  getParentRoute: () => app,
  path: "/scorecards/$name",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "tab", ["things", "rules", "changes", "edit"] as const),
    ...text(raw, "owner"),
    ...text(raw, "system"),
    ...text(raw, "level"),
    ...text(raw, "category"),
    ...text(raw, "rule"),
    ...oneOf(raw, "outcome", ["pass", "fail", "unknown", "waived"] as const),
    ...text(raw, "q"),
  }),
  component: lazyRouteComponent(() => import("../pages/scorecards/ScorecardPage.tsx"), "ScorecardPage"),
});

const policyCheck = createRoute({
  getParentRoute: () => app,
  path: "/standards/checks/$id",
  component: lazyRouteComponent(() => import("../pages/standards/CheckPage.tsx"), "CheckPage"),
});

const campaigns = createRoute({
  getParentRoute: () => app,
  path: "/campaigns",
  validateSearch: (raw: Raw) => ({ ...text(raw, "owner"), ...text(raw, "system") }),
  component: lazyRouteComponent(() => import("../pages/campaigns/CampaignsPage.tsx"), "CampaignsPage"),
});

const newCampaign = createRoute({
  getParentRoute: () => app,
  path: "/campaigns/new",
  validateSearch: (raw: Raw) => ({ ...text(raw, "change") }),
  component: lazyRouteComponent(() => import("../pages/campaigns/CampaignFormPage.tsx"), "CampaignFormPage"),
});

const campaign = createRoute({
  getParentRoute: () => app,
  path: "/campaigns/$name",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "done", ["done", "all"] as const), ...text(raw, "owner"), ...text(raw, "system") }),
  component: lazyRouteComponent(() => import("../pages/campaigns/CampaignPage.tsx"), "CampaignPage"),
});

const workbench = createRoute({
  getParentRoute: () => app,
  path: "/standards/workbench",
  validateSearch: (raw: Raw) => (raw["new"] === true ? { new: true as const } : {}),
  component: lazyRouteComponent(() => import("../pages/standards/WorkbenchPage.tsx"), "WorkbenchPage"),
});

const findings = createRoute({
  getParentRoute: () => app,
  path: "/standards/findings",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "by", ["policy", "team", "each"] as const),
    ...text(raw, "policy"),
    ...text(raw, "team"),
  }),
  component: lazyRouteComponent(() => import("../pages/standards/FindingsPage.tsx"), "FindingsPage"),
});

const waivers = createRoute({
  getParentRoute: () => app,
  path: "/standards/waivers",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "state", ["requested", "approved", "refused", "revoked", "expired", "ended"] as const),
  }),
  component: lazyRouteComponent(() => import("../pages/standards/WaiversPage.tsx"), "WaiversPage"),
});

/** Pages of policies, scorecards and campaigns. */
export const standardsRoutes = [
  policies,
  policy,
  decisions,
  decision,
  scorecards,
  newScorecard,
  scorecard,
  policyCheck,
  campaigns,
  newCampaign,
  campaign,
  workbench,
  findings,
  waivers,
] as const;
