import { Scope } from "@roadbed/contracts/identity";

export interface ScopeGroup {
  readonly title: string;
  readonly scopes: readonly { readonly scope: string; readonly label: string; readonly what: string }[];
}

/** What each scope allows, in words. `*` stands apart: it is not chosen among others. */
const WORDS: Readonly<Record<string, readonly [title: string, label: string, what: string]>> = {
  "catalog:read": ["Catalogue", "Read", "Entities, relations, documentation, search, sources."],
  "catalog:write": ["Catalogue", "Write", "Import and read sources, remove entities."],
  "catalog:admin": ["Catalogue", "Administer", "Remove the sample estate."],
  "standards:read": ["Standards", "Read", "Policies and decisions."],
  "standards:write": ["Standards", "Write", "Change and switch policies."],
  "standards:admin": ["Standards", "Administer", "Say what policies do at which point; approve waivers."],
  "paths:read": ["Golden paths", "Read", "Paths, previews, runs and their logs."],
  "paths:write": ["Golden paths", "Run", "Run a path, answer for it, cancel it."],
  "paths:admin": ["Golden paths", "Administer", "Give systems outside a name and a credential that golden paths use."],
  "delivery:read": ["Delivery", "Read", "Workloads, their output, deployments, repositories."],
  "delivery:write": ["Delivery", "Deploy", "Deploy a commit, restart and stop workloads."],
  "delivery:admin": ["Delivery", "Administer", "Environments and their gates, freezes, and to let a promotion pass a gate."],
  "configuration:read": ["Delivery", "Read configurations", "Prompts, models and agents as an environment has them."],
  "git:read": ["Git", "Clone", "Clone and fetch the embedded repositories."],
  "git:write": ["Git", "Push", "Push to them; a push to main deploys."],
  "telemetry:read": ["Telemetry", "Read", "Services, traces, logs, metrics, incidents."],
  "telemetry:write": ["Telemetry", "Write", "Open and close incidents, set objectives of what is theirs."],
  "telemetry:admin": ["Telemetry", "Administer", "Set objectives of anything."],
  "cost:read": ["Cost", "Read", "What exports of cost come to."],
  "product:read": ["Insights", "Read", "Measures, how they are made, and the rows they are made from."],
  "product:write": ["Insights", "Tell", "Tell of deployments, changes and incidents that happened elsewhere."],
  "product:admin": ["Insights", "Administer", "Decide how a measure is defined."],
  "otlp:write": ["Telemetry", "Send", "Send traces, logs and metrics by OTLP."],
  "identity:self": ["Account", "Yourself", "See who you are; make and end your tokens."],
  "identity:admin": ["Account", "People", "Make accounts and change what people may do."],
  "identity:audit": ["Account", "Audit", "Read and verify the audit log."],
};

/** All scopes but `*`, in groups, in the order of the contract's modules. One without words is shown by its name. */
export function scopeGroups(all: readonly string[] = Scope.options): readonly ScopeGroup[] {
  const known = all
    .filter((scope) => scope !== "*")
    .map((scope) => ({ scope, words: WORDS[scope] ?? ([scope.split(":")[0] ?? scope, scope, ""] as const) }));
  return [...Map.groupBy(known, ({ words: [title] }) => title)].map(([title, group]) => ({
    title,
    scopes: group.map(({ scope, words: [, label, what] }) => ({ scope, label, what })),
  }));
}

/** Whether somebody with these scopes may do what asks for `wanted`. */
export function mayScope(held: readonly string[], wanted: string): boolean {
  return held.includes("*") || held.includes(wanted);
}

/** Doors that go with a right held by the page: who may deploy may push, and so on. */
const DOORS: Readonly<Record<string, string>> = {
  "git:read": "delivery:read",
  "git:write": "delivery:write",
  "otlp:write": "telemetry:write",
};

/** Whether somebody may give this scope to a token of theirs. */
export function mayGive(held: readonly string[], scope: string): boolean {
  const behind = DOORS[scope];
  return mayScope(held, scope) || (behind !== undefined && mayScope(held, behind));
}

/** Sets of scopes that go together for a purpose. */
export const PURPOSES: readonly { readonly label: string; readonly what: string; readonly scopes: readonly string[] }[] = [
  {
    label: "Read everything",
    what: "Looks, changes nothing",
    scopes: [
      "catalog:read",
      "standards:read",
      "paths:read",
      "delivery:read",
      "telemetry:read",
      "cost:read",
      "product:read",
      "identity:self",
    ],
  },
  { label: "Clone and push", what: "For git on your machine", scopes: ["git:read", "git:write"] },
  { label: "Send telemetry", what: "For a service's OTLP exporter", scopes: ["otlp:write"] },
  {
    label: "Run golden paths",
    what: "For the command line or an agent",
    scopes: ["catalog:read", "standards:read", "paths:read", "paths:write", "delivery:read", "identity:self"],
  },
];
