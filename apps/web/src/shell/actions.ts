import {
  Activity,
  BookOpen,
  Boxes,
  CalendarDays,
  ChartNoAxesCombined,
  FolderInput,
  GitCompare,
  History,
  House,
  KeyRound,
  ListTree,
  Network,
  Palette,
  Plus,
  Rocket,
  Scale,
  ScrollText,
  Settings,
  ShieldCheck,
  Siren,
  Target,
  type LucideIcon,
  Users,
  Waypoints,
} from "lucide-react";

/** A page or an act that the palette offers. */
export interface Action {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly to: string;
  readonly search?: Readonly<Record<string, string>>;
  /** Other words by which one may look for it. */
  readonly words?: string;
}

export const ACTIONS: readonly Action[] = [
  { label: "Create something", icon: Plus, to: "/create", words: "new golden path template scaffold" },
  { label: "Bring yours: import a folder or Git URL", icon: FolderInput, to: "/sources", words: "source descriptor catalog-info" },
  { label: "Catalogue", icon: Boxes, to: "/catalog", words: "components entities" },
  { label: "Graph of dependencies", icon: Waypoints, to: "/graph", words: "map blast radius" },
  {
    label: "Changes: what happened, what is different, what is gone",
    icon: GitCompare,
    to: "/changes",
    words: "history diff timeline removed restore as of",
  },
  { label: "Services", icon: Activity, to: "/observe", words: "observe health latency errors" },
  { label: "Objectives and error budgets", icon: Target, to: "/slos", words: "slo sli burn rate availability latency" },
  { label: "AI use: tokens and cost of models", icon: Scale, to: "/ai-use", words: "llm genai tokens cost price prompt agent ttft" },
  { label: "Declare an incident", icon: Siren, to: "/incidents", search: { declare: "1" }, words: "outage open" },
  { label: "Home", icon: House, to: "/" },
  { label: "Traces", icon: ListTree, to: "/traces", words: "spans waterfall" },
  { label: "Logs", icon: ScrollText, to: "/logs" },
  {
    label: "Intake: who sends telemetry, and what is refused",
    icon: Activity,
    to: "/intake",
    words: "otlp quota cardinality labels senders capture",
  },
  { label: "Evaluations: how good prompts, models and agents are", icon: Scale, to: "/evaluations", words: "score grader cases llm eval" },
  { label: "Rollouts: releases that are decided about", icon: Rocket, to: "/rollouts", words: "canary blue-green shadow rolling analysis" },
  { label: "Drift: what runs and Git does not say", icon: GitCompare, to: "/drift", words: "heal accept differs git" },
  { label: "CDEvents: tell others, be told", icon: Rocket, to: "/cdevents", words: "webhook cloudevents sink" },
  { label: "Pipelines: what was built and tested", icon: Rocket, to: "/pipelines", words: "build test ci runs artefacts junit flaky" },
  { label: "Delivery: what runs where", icon: Rocket, to: "/delivery", words: "workloads deployments repositories" },
  { label: "Environments and freezes", icon: Network, to: "/environments", words: "promotion order gates freeze" },
  { label: "Change calendar", icon: CalendarDays, to: "/calendar", words: "freezes deployments incidents planned" },
  {
    label: "Insights: how delivery does",
    icon: ChartNoAxesCombined,
    to: "/insights",
    words: "dora lead time deployment frequency change fail rate recovery rework",
  },
  {
    label: "Adoption: do teams choose the platform",
    icon: ChartNoAxesCombined,
    to: "/adoption",
    words: "capabilities usage voluntary mandated mandate churn bypass",
  },
  {
    label: "Value: what a platform may be worth",
    icon: ChartNoAxesCombined,
    to: "/value",
    words: "roi return cost status quo npv break-even",
  },
  { label: "What is stored about you", icon: ChartNoAxesCombined, to: "/about-you", words: "privacy personal data usage" },
  { label: "Measures: what is measured, and how", icon: ChartNoAxesCombined, to: "/measures", words: "metrics definitions dora catalogue" },
  { label: "Runs", icon: History, to: "/runs" },
  { label: "Policies", icon: ShieldCheck, to: "/standards", words: "standards rules cel" },
  { label: "Scorecards: how far everything has come", icon: ShieldCheck, to: "/scorecards", words: "standards rubric levels maturity" },
  { label: "Policy workbench", icon: ShieldCheck, to: "/standards/workbench", words: "write cel try backtest" },
  { label: "Findings of policies", icon: ShieldCheck, to: "/standards/findings", words: "audit violations" },
  { label: "Waivers", icon: ShieldCheck, to: "/standards/waivers", words: "deviation exception approve" },
  { label: "Policy decisions", icon: ShieldCheck, to: "/standards/decisions" },
  { label: "Access tokens", icon: KeyRound, to: "/settings", search: { tab: "tokens" }, words: "secret cli" },
  { label: "People", icon: Users, to: "/settings", search: { tab: "people" }, words: "users accounts" },
  { label: "Settings and health", icon: Settings, to: "/settings", search: { tab: "about" }, words: "sample remove about" },
  { label: "Audit log", icon: History, to: "/audit", words: "who did what" },
  { label: "API reference", icon: BookOpen, to: "/api-docs", words: "openapi curl rest" },
  { label: "Design: our components", icon: Palette, to: "/design" },
];
