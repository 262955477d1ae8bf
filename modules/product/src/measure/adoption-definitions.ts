import { RULES, SHARE_RULES, type BuiltIn } from "./definitions.ts";

const COMMON = {
  owner: "the platform team",
  code: "modules/product/src/adoption/adoption-rows.ts",
  unit: "share",
  rules: { ...SHARE_RULES, windowDays: 28 },
} as const;
const USE = "Uses of this platform by page, command line, API, MCP and Git, by team and day; and what others tell";
const CATALOGUE = "The catalogue: which team owns what a capability applies to";
const DELIVERIES = "Merges and deployments: only a team that delivers is eligible";
const REGISTER = "The register of mandates and invitations";
const ACTIVE = "Active is a team with three successful uses on two days within 28, today among them.";
const POOLED =
  "Pairs of team and capability, all capabilities together; see each alone under Adoption. Pairs of one team are alike, so the interval is somewhat too narrow.";
const HISTORY =
  "Who is eligible is judged as of today, also in past weeks. Teams that were merged or split have the history of those they came of.";

export const ADOPTION: readonly BuiltIn[] = [
  {
    ...COMMON,
    measure: "adoption-breadth",
    title: "Adoption, breadth",
    question: "How many teams use what is meant for them?",
    definition: "Teams that are active on a capability, of those that it applies to and that delivered something in 28 days.",
    formula: "active eligible teams / eligible teams",
    better: "higher",
    beside: "adoption-depth",
    space: "activity, of teams",
    sources: [USE, CATALOGUE, DELIVERIES],
    caveats: [ACTIVE, POOLED, HISTORY, "Breadth alone says nothing of how much of their work goes through it."],
  },
  {
    ...COMMON,
    measure: "voluntary-adoption",
    title: "Voluntary adoption",
    question: "How many teams chose it?",
    definition: "Teams that adopted a capability before any mandate for them was announced, and are active on it.",
    formula: "voluntary and active teams / eligible teams",
    better: "higher",
    beside: "adoption-retention",
    space: "satisfaction and well-being, of teams",
    sources: [USE, REGISTER, CATALOGUE, DELIVERIES],
    caveats: [
      ACTIVE,
      POOLED,
      HISTORY,
      "Without a register that was complete by their first day of use they are unknown, never voluntary.",
      "A mandate counts from its announcement, enforced or not.",
    ],
  },
  {
    ...COMMON,
    measure: "free-adoption",
    title: "Voluntary adoption where it is free",
    question: "Where nobody has to, how many choose it?",
    definition: "The same, of teams under no mandate today.",
    formula: "voluntary and active teams / eligible teams under no mandate",
    better: "higher",
    beside: "voluntary-adoption",
    space: "satisfaction and well-being, of teams",
    sources: [USE, REGISTER, CATALOGUE, DELIVERIES],
    caveats: [ACTIVE, POOLED, HISTORY],
  },
  {
    ...COMMON,
    measure: "adoption-depth",
    title: "Adoption, depth",
    question: "How much of the work goes through it?",
    definition: "Deployments to production, or merged changes, that went through the capability that is meant for them.",
    formula: "pieces of work through it / pieces of work that should go through it",
    better: "higher",
    beside: "adoption-breadth",
    space: "performance, of teams",
    sources: ["Delivery records by who tells of them", CATALOGUE],
    caveats: ["Only work that somebody tells of can be seen to go past it.", "Changes that a machine proposed do not count."],
  },
  {
    ...COMMON,
    measure: "bypass-rate",
    title: "Bypass",
    question: "How much of the work goes past the platform?",
    definition: "Deployments to production, or merged changes, that went past the capability that is meant for them.",
    formula: "pieces of work past it / pieces of work that should go through it",
    better: "lower",
    beside: "adoption-depth",
    space: "performance, of teams",
    sources: ["Delivery records by who tells of them", CATALOGUE],
    caveats: ["It is a lower limit: what nobody tells of is not seen."],
  },
  {
    ...COMMON,
    measure: "adoption-retention",
    title: "Retention",
    question: "Of those who used it, how many still do?",
    definition: "Teams that were active twelve weeks ago and are active now.",
    formula: "still active teams / teams active 84 days ago",
    better: "higher",
    beside: "adoption-breadth",
    space: "satisfaction and well-being, of teams",
    sources: [USE],
    caveats: [ACTIVE, POOLED],
  },
  {
    ...COMMON,
    measure: "pull-index",
    title: "Pull index",
    question: "Do teams come by themselves?",
    definition: "First adoptions of a quarter with no mandate announced and no invitation in the 30 days before.",
    formula: "first adoptions by themselves / all first adoptions in 91 days",
    better: "higher",
    beside: "voluntary-adoption",
    space: "satisfaction and well-being, of teams",
    sources: [USE, REGISTER],
    caveats: [ACTIVE, "Of a team that came of another the first adoption is that of the other."],
    rules: { ...RULES, lowN: 10, windowDays: 91, staleDays: 91 },
  },
];
