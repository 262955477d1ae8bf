import type { getScorecard } from "@roadbed/contracts/standards/scorecards";
import type { OutputOf } from "@roadbed/core";

/** One scorecard with its rules, as its page and the parts of it know it. */
export type Card = OutputOf<typeof getScorecard>;
