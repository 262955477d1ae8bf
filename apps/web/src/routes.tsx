import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import { Lost } from "./shell/Lost.tsx";
import { NotFound } from "./shell/NotFound.tsx";
import { PageFault } from "./shell/PageFault.tsx";
import { Shell } from "./shell/Shell.tsx";
import { flag, number, oneOf, text, texts, type Raw } from "./url-state.ts";

/**
 * The whole site on one page. Each page is a chunk of its own; what stands in the URL is parsed here, once,
 * and a value that does not fit is dropped.
 */
const root = createRootRoute({ notFoundComponent: Lost });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (raw: Raw) => ({ ...text(raw, "to"), ...text(raw, "error") }),
  component: lazyRouteComponent(() => import("./pages/SignInPage.tsx"), "SignInPage"),
});

const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: PageFault,
});

const home = createRoute({
  getParentRoute: () => app,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/home/HomePage.tsx"), "HomePage"),
});

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
  component: lazyRouteComponent(() => import("./pages/catalogue/CataloguePage.tsx"), "CataloguePage"),
});

const entity = createRoute({
  getParentRoute: () => app,
  path: "/entities/$kind/$namespace/$name",
  validateSearch: (raw: Raw) => ({ ...text(raw, "tab"), ...text(raw, "page"), ...text(raw, "range"), ...text(raw, "asOf") }),
  component: lazyRouteComponent(() => import("./pages/entity/EntityPage.tsx"), "EntityPage"),
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
  component: lazyRouteComponent(() => import("./pages/graph/GraphPage.tsx"), "GraphPage"),
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
  component: lazyRouteComponent(() => import("./pages/changes/ChangesPage.tsx"), "ChangesPage"),
});

const create = createRoute({
  getParentRoute: () => app,
  path: "/create",
  component: lazyRouteComponent(() => import("./pages/create/PathsPage.tsx"), "PathsPage"),
});

const follow = createRoute({
  getParentRoute: () => app,
  path: "/create/$path",
  validateSearch: (raw: Raw) => ({ ...number(raw, "step"), ...text(raw, "entity") }),
  component: lazyRouteComponent(() => import("./pages/create/FollowPathPage.tsx"), "FollowPathPage"),
});

const write = createRoute({
  getParentRoute: () => app,
  path: "/write",
  component: lazyRouteComponent(() => import("./pages/draft/DraftPage.tsx"), "DraftPage"),
});

const actions = createRoute({
  getParentRoute: () => app,
  path: "/write/actions",
  validateSearch: (raw: Raw) => ({ ...text(raw, "action") }),
  component: lazyRouteComponent(() => import("./pages/draft/ActionsPage.tsx"), "ActionsPage"),
});

const lifetimes = createRoute({
  getParentRoute: () => app,
  path: "/lifetimes",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "state", ["active", "ending", "ended"] as const),
    ...flag(raw, "mine"),
  }),
  component: lazyRouteComponent(() => import("./pages/runs/LifetimesPage.tsx"), "LifetimesPage"),
});

const compareRun = createRoute({
  getParentRoute: () => app,
  path: "/runs/$id/compare",
  validateSearch: (raw: Raw) => ({ ...text(raw, "with") }),
  component: lazyRouteComponent(() => import("./pages/runs/CompareRunsPage.tsx"), "CompareRunsPage"),
});

const runs = createRoute({
  getParentRoute: () => app,
  path: "/runs",
  validateSearch: (raw: Raw) => ({ ...text(raw, "status"), ...flag(raw, "mine") }),
  component: lazyRouteComponent(() => import("./pages/runs/RunsPage.tsx"), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => app,
  path: "/runs/$id",
  component: lazyRouteComponent(() => import("./pages/runs/RunPage.tsx"), "RunPage"),
});

const ledger = createRoute({
  getParentRoute: () => app,
  path: "/ledger",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "state", ["drifted", "older", "deviates", "current", "gone"] as const),
    ...text(raw, "q"),
    ...text(raw, "path"),
  }),
  component: lazyRouteComponent(() => import("./pages/ledger/LedgerPage.tsx"), "LedgerPage"),
});

const made = createRoute({
  getParentRoute: () => app,
  path: "/ledger/$id",
  component: lazyRouteComponent(() => import("./pages/ledger/MadePage.tsx"), "MadePage"),
});

const delivery = createRoute({
  getParentRoute: () => app,
  path: "/delivery",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "tab", ["workloads", "deployments", "changes", "repositories"] as const) }),
  component: lazyRouteComponent(() => import("./pages/delivery/DeliveryPage.tsx"), "DeliveryPage"),
});

const environments = createRoute({
  getParentRoute: () => app,
  path: "/environments",
  validateSearch: (raw: Raw) => ({ ...text(raw, "select") }),
  component: lazyRouteComponent(() => import("./pages/environments/EnvironmentsPage.tsx"), "EnvironmentsPage"),
});

const calendar = createRoute({
  getParentRoute: () => app,
  path: "/calendar",
  validateSearch: (raw: Raw) => ({
    ...text(raw, "environment"),
    ...oneOf(raw, "span", ["week", "month", "quarter"] as const),
    ...text(raw, "from"),
  }),
  component: lazyRouteComponent(() => import("./pages/calendar/CalendarPage.tsx"), "CalendarPage"),
});

const change = createRoute({
  getParentRoute: () => app,
  path: "/delivery/changes/$id",
  component: lazyRouteComponent(() => import("./pages/delivery/ChangePage.tsx"), "ChangePage"),
});

const releases = createRoute({
  getParentRoute: () => app,
  path: "/releases",
  validateSearch: (raw: Raw) => ({
    ...text(raw, "entity"),
    ...oneOf(raw, "tab", ["fleet", "releases", "promotions", "waiting"] as const),
    ...oneOf(raw, "only", ["behind", "stuck", "ahead", "held"] as const),
  }),
  component: lazyRouteComponent(() => import("./pages/releases/ReleasesPage.tsx"), "ReleasesPage"),
});

const release = createRoute({
  getParentRoute: () => app,
  path: "/releases/$release",
  validateSearch: (raw: Raw) => ({ ...text(raw, "with") }),
  component: lazyRouteComponent(() => import("./pages/releases/ReleasePage.tsx"), "ReleasePage"),
});

const evaluations = createRoute({
  getParentRoute: () => app,
  path: "/evaluations",
  validateSearch: (raw: Raw) => ({ ...text(raw, "entity") }),
  component: lazyRouteComponent(() => import("./pages/evaluations/EvaluationsPage.tsx"), "EvaluationsPage"),
});

const evaluation = createRoute({
  getParentRoute: () => app,
  path: "/evaluations/$id",
  validateSearch: (raw: Raw) => ({ ...text(raw, "with") }),
  component: lazyRouteComponent(() => import("./pages/evaluations/EvaluationPage.tsx"), "EvaluationPage"),
});

const promotion = createRoute({
  getParentRoute: () => app,
  path: "/promotions/$id",
  component: lazyRouteComponent(() => import("./pages/promotions/PromotionPage.tsx"), "PromotionPage"),
});

const cdevents = createRoute({
  getParentRoute: () => app,
  path: "/cdevents",
  component: lazyRouteComponent(() => import("./pages/cdevents/CdEventsPage.tsx"), "CdEventsPage"),
});

const drift = createRoute({
  getParentRoute: () => app,
  path: "/drift",
  validateSearch: (raw: Raw) => ({ ...text(raw, "entity"), ...text(raw, "environment"), ...flag(raw, "all") }),
  component: lazyRouteComponent(() => import("./pages/drift/DriftPage.tsx"), "DriftPage"),
});

const rollouts = createRoute({
  getParentRoute: () => app,
  path: "/rollouts",
  validateSearch: (raw: Raw) => ({ ...text(raw, "entity"), ...flag(raw, "active") }),
  component: lazyRouteComponent(() => import("./pages/rollouts/RolloutsPage.tsx"), "RolloutsPage"),
});

const rollout = createRoute({
  getParentRoute: () => app,
  path: "/rollouts/$id",
  component: lazyRouteComponent(() => import("./pages/rollouts/RolloutPage.tsx"), "RolloutPage"),
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
  component: lazyRouteComponent(() => import("./pages/pipelines/PipelinesPage.tsx"), "PipelinesPage"),
});

const pipeline = createRoute({
  getParentRoute: () => app,
  path: "/pipelines/$id",
  validateSearch: (raw: Raw) => ({ ...text(raw, "step") }),
  component: lazyRouteComponent(() => import("./pages/pipelines/PipelineRunPage.tsx"), "PipelineRunPage"),
});

const upgrades = createRoute({
  getParentRoute: () => app,
  path: "/upgrades",
  component: lazyRouteComponent(() => import("./pages/upgrades/UpgradesPage.tsx"), "UpgradesPage"),
});

const upgrade = createRoute({
  getParentRoute: () => app,
  path: "/upgrades/$id",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "state", ["conflicting", "open", "refused", "waiting", "merged", "closed"] as const),
  }),
  component: lazyRouteComponent(() => import("./pages/upgrades/UpgradePage.tsx"), "UpgradePage"),
});

const resources = createRoute({
  getParentRoute: () => app,
  path: "/resources",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "state", ["ready", "drifted", "failed", "destroyed"] as const), ...text(raw, "q") }),
  component: lazyRouteComponent(() => import("./pages/resources/ResourcesPage.tsx"), "ResourcesPage"),
});

const resource = createRoute({
  getParentRoute: () => app,
  path: "/resources/$id",
  component: lazyRouteComponent(() => import("./pages/resources/ResourcePage.tsx"), "ResourcePage"),
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
  component: lazyRouteComponent(() => import("./pages/observe/ServicesPage.tsx"), "ServicesPage"),
});

const service = createRoute({
  getParentRoute: () => app,
  path: "/observe/services/$service",
  validateSearch: (raw: Raw) => ({ ...text(raw, "range") }),
  component: lazyRouteComponent(() => import("./pages/observe/ServicePage.tsx"), "ServicePage"),
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
  component: lazyRouteComponent(() => import("./pages/observe/TracesPage.tsx"), "TracesPage"),
});

const trace = createRoute({
  getParentRoute: () => app,
  path: "/traces/$traceId",
  validateSearch: (raw: Raw) => ({ ...text(raw, "at"), ...text(raw, "span") }),
  component: lazyRouteComponent(() => import("./pages/observe/TracePage.tsx"), "TracePage"),
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
  component: lazyRouteComponent(() => import("./pages/observe/LogsPage.tsx"), "LogsPage"),
});

const intake = createRoute({
  getParentRoute: () => app,
  path: "/intake",
  component: lazyRouteComponent(() => import("./pages/observe/IntakePage.tsx"), "IntakePage"),
});

const insights = createRoute({
  getParentRoute: () => app,
  path: "/insights",
  validateSearch: (raw: Raw) => text(raw, "about"),
  component: lazyRouteComponent(() => import("./pages/insights/InsightsPage.tsx"), "InsightsPage"),
});

const adoption = createRoute({
  getParentRoute: () => app,
  path: "/adoption",
  component: lazyRouteComponent(() => import("./pages/adoption/AdoptionPage.tsx"), "AdoptionPage"),
});

const capability = createRoute({
  getParentRoute: () => app,
  path: "/adoption/$name",
  validateSearch: (raw: Raw) => oneOf(raw, "only", ["eligible", "active", "drifting", "not-yet"] as const),
  component: lazyRouteComponent(() => import("./pages/adoption/CapabilityPage.tsx"), "CapabilityPage"),
});

const aboutYou = createRoute({
  getParentRoute: () => app,
  path: "/about-you",
  component: lazyRouteComponent(() => import("./pages/adoption/AboutYouPage.tsx"), "AboutYouPage"),
});

const value = createRoute({
  getParentRoute: () => app,
  path: "/value",
  component: lazyRouteComponent(() => import("./pages/value/ValuePage.tsx"), "ValuePage"),
});

const measures = createRoute({
  getParentRoute: () => app,
  path: "/measures",
  component: lazyRouteComponent(() => import("./pages/insights/MeasuresPage.tsx"), "MeasuresPage"),
});

const measure = createRoute({
  getParentRoute: () => app,
  path: "/measures/$measure",
  validateSearch: (raw: Raw) => text(raw, "about"),
  component: lazyRouteComponent(() => import("./pages/insights/MeasurePage.tsx"), "MeasurePage"),
});

const slos = createRoute({
  getParentRoute: () => app,
  path: "/slos",
  validateSearch: (raw: Raw) => ({ ...text(raw, "entity") }),
  component: lazyRouteComponent(() => import("./pages/slos/SlosPage.tsx"), "SlosPage"),
});

const slo = createRoute({
  getParentRoute: () => app,
  path: "/slos/$name",
  component: lazyRouteComponent(() => import("./pages/slos/SloPage.tsx"), "SloPage"),
});

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

const aiUse = createRoute({
  getParentRoute: () => app,
  path: "/ai-use",
  validateSearch: (raw: Raw) => ({
    ...aiConditions(raw),
    ...oneOf(raw, "by", ["model", "prompt", "agent", "team", "service", "provider", "environment", "operation"] as const),
  }),
  component: lazyRouteComponent(() => import("./pages/ai-use/AiUsePage.tsx"), "AiUsePage"),
});

const aiCalls = createRoute({
  getParentRoute: () => app,
  path: "/ai-use/calls",
  validateSearch: (raw: Raw) => ({ ...aiConditions(raw), ...flag(raw, "unpriced"), ...flag(raw, "errors") }),
  component: lazyRouteComponent(() => import("./pages/ai-use/AiCallsPage.tsx"), "AiCallsPage"),
});

const incidents = createRoute({
  getParentRoute: () => app,
  path: "/incidents",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "state", ["open", "closed"] as const), ...text(raw, "declare") }),
  component: lazyRouteComponent(() => import("./pages/observe/IncidentsPage.tsx"), "IncidentsPage"),
});

const policies = createRoute({
  getParentRoute: () => app,
  path: "/standards",
  validateSearch: (raw: Raw) => ({ ...text(raw, "pack") }),
  component: lazyRouteComponent(() => import("./pages/standards/PoliciesPage.tsx"), "PoliciesPage"),
});

const policy = createRoute({
  getParentRoute: () => app,
  path: "/standards/policies/$name",
  component: lazyRouteComponent(() => import("./pages/standards/PolicyPage.tsx"), "PolicyPage"),
});

const decisions = createRoute({
  getParentRoute: () => app,
  path: "/standards/decisions",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "verdict", ["allow", "warn", "deny", "unknown"] as const), ...text(raw, "entity") }),
  component: lazyRouteComponent(() => import("./pages/standards/DecisionsPage.tsx"), "DecisionsPage"),
});

const decision = createRoute({
  getParentRoute: () => app,
  path: "/standards/decisions/$id",
  component: lazyRouteComponent(() => import("./pages/standards/DecisionPage.tsx"), "DecisionPage"),
});

const scorecards = createRoute({
  getParentRoute: () => app,
  path: "/scorecards",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "by", ["owner", "system"] as const), ...text(raw, "scorecard") }),
  component: lazyRouteComponent(() => import("./pages/scorecards/ScorecardsPage.tsx"), "ScorecardsPage"),
});

const newScorecard = createRoute({
  getParentRoute: () => app,
  path: "/scorecards/new",
  component: lazyRouteComponent(() => import("./pages/scorecards/NewScorecardPage.tsx"), "NewScorecardPage"),
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
  component: lazyRouteComponent(() => import("./pages/scorecards/ScorecardPage.tsx"), "ScorecardPage"),
});

const workbench = createRoute({
  getParentRoute: () => app,
  path: "/standards/workbench",
  validateSearch: (raw: Raw) => (raw["new"] === true ? { new: true as const } : {}),
  component: lazyRouteComponent(() => import("./pages/standards/WorkbenchPage.tsx"), "WorkbenchPage"),
});

const findings = createRoute({
  getParentRoute: () => app,
  path: "/standards/findings",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "by", ["policy", "team", "each"] as const),
    ...text(raw, "policy"),
    ...text(raw, "team"),
  }),
  component: lazyRouteComponent(() => import("./pages/standards/FindingsPage.tsx"), "FindingsPage"),
});

const waivers = createRoute({
  getParentRoute: () => app,
  path: "/standards/waivers",
  validateSearch: (raw: Raw) => ({
    ...oneOf(raw, "state", ["requested", "approved", "refused", "revoked", "expired", "ended"] as const),
  }),
  component: lazyRouteComponent(() => import("./pages/standards/WaiversPage.tsx"), "WaiversPage"),
});

const policyCheck = createRoute({
  getParentRoute: () => app,
  path: "/standards/checks/$id",
  component: lazyRouteComponent(() => import("./pages/standards/CheckPage.tsx"), "CheckPage"),
});

const campaigns = createRoute({
  getParentRoute: () => app,
  path: "/campaigns",
  validateSearch: (raw: Raw) => ({ ...text(raw, "owner"), ...text(raw, "system") }),
  component: lazyRouteComponent(() => import("./pages/campaigns/CampaignsPage.tsx"), "CampaignsPage"),
});

const newCampaign = createRoute({
  getParentRoute: () => app,
  path: "/campaigns/new",
  validateSearch: (raw: Raw) => ({ ...text(raw, "change") }),
  component: lazyRouteComponent(() => import("./pages/campaigns/CampaignFormPage.tsx"), "CampaignFormPage"),
});

const campaign = createRoute({
  getParentRoute: () => app,
  path: "/campaigns/$name",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "done", ["done", "all"] as const), ...text(raw, "owner"), ...text(raw, "system") }),
  component: lazyRouteComponent(() => import("./pages/campaigns/CampaignPage.tsx"), "CampaignPage"),
});

const sources = createRoute({
  getParentRoute: () => app,
  path: "/sources",
  validateSearch: (raw: Raw) => ({ ...text(raw, "connect") }),
  component: lazyRouteComponent(() => import("./pages/sources/SourcesPage.tsx"), "SourcesPage"),
});

const source = createRoute({
  getParentRoute: () => app,
  path: "/sources/$id",
  component: lazyRouteComponent(() => import("./pages/sources/SourcePage.tsx"), "SourcePage"),
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
  component: lazyRouteComponent(() => import("./pages/discover/DiscoverPage.tsx"), "DiscoverPage"),
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
  component: lazyRouteComponent(() => import("./pages/ownership/OwnershipPage.tsx"), "OwnershipPage"),
});

const audit = createRoute({
  getParentRoute: () => app,
  path: "/audit",
  validateSearch: (raw: Raw) => ({ ...text(raw, "actor"), ...text(raw, "operation"), ...text(raw, "resource") }),
  component: lazyRouteComponent(() => import("./pages/settings/AuditPage.tsx"), "AuditPage"),
});

const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "tab", ["you", "tokens", "people", "kinds", "connections", "about"] as const) }),
  component: lazyRouteComponent(() => import("./pages/settings/SettingsPage.tsx"), "SettingsPage"),
});

const kind = createRoute({
  getParentRoute: () => app,
  path: "/kinds/$name",
  component: lazyRouteComponent(() => import("./pages/kinds/KindPage.tsx"), "KindPage"),
});

const newKind = createRoute({
  getParentRoute: () => app,
  path: "/new-kind",
  component: lazyRouteComponent(() => import("./pages/kinds/KindPage.tsx"), "NewKindPage"),
});

const saveEntity = createRoute({
  getParentRoute: () => app,
  path: "/save",
  validateSearch: (raw: Raw) => ({ ...text(raw, "kind"), ...text(raw, "ref") }),
  component: lazyRouteComponent(() => import("./pages/kinds/SaveEntityPage.tsx"), "SaveEntityPage"),
});

const inbox = createRoute({
  getParentRoute: () => app,
  path: "/inbox",
  validateSearch: (raw: Raw) => ({ ...oneOf(raw, "view", ["notices", "approvals", "announcements", "following", "channels"] as const) }),
  component: lazyRouteComponent(() => import("./pages/inbox/InboxPage.tsx"), "InboxPage"),
});

const apiDocs = createRoute({
  getParentRoute: () => app,
  path: "/api-docs",
  component: lazyRouteComponent(() => import("./pages/api-docs/ApiDocsPage.tsx"), "ApiDocsPage"),
});

const design = createRoute({
  getParentRoute: () => app,
  path: "/design",
  component: lazyRouteComponent(() => import("./pages/DesignPage.tsx"), "DesignPage"),
});

// prettier-ignore
const pages = [
  home, catalogue, entity, graph, changes, create, follow, write, actions, runs, run, compareRun, lifetimes, ledger, made, upgrades, upgrade, resources, resource, delivery, environments, calendar, change, releases, release, evaluations, evaluation, promotion, drift, cdevents, rollouts, rollout, pipelines, pipeline,
  services, service, traces, trace, logs, intake, incidents, slos, slo, aiUse, aiCalls, insights, adoption, capability, aboutYou, value, measures, measure,
  policies, policy, decisions, decision, scorecards, newScorecard, scorecard, policyCheck, campaigns, newCampaign, campaign, workbench, findings, waivers, sources, source, discover, ownership, audit, inbox, settings, kind, newKind, saveEntity, apiDocs, design,
] as const;

export const router = createRouter({
  routeTree: root.addChildren([signIn, app.addChildren(pages)]),
  defaultPreload: "intent",
  defaultPreloadDelay: 60,
  scrollRestoration: true,
  defaultNotFoundComponent: Lost,
});
