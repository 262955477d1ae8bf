import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { ScorecardDocument } from "@roadbed/contracts/standards/scorecard-document";
import type { ScorecardProblem } from "@roadbed/contracts/standards/scorecards";
import type { Logger } from "@roadbed/core";
import type { Database } from "@roadbed/postgres";

import type { Expressions } from "../deps.ts";
import { lockScorecards, newestVersion, readScorecards, writeScorecard } from "./definition-store.ts";
import { readDocument } from "./read-document.ts";

/** A scorecard that comes with Roadbed, or that an operator put beside them. */
export interface Shipped {
  readonly file: string;
  readonly digest: string;
  readonly document: ScorecardDocument;
}

/** Reads the files of the folders; what is wrong with one leaves it out and is told. */
export function readShipped(
  folders: readonly (string | URL)[],
  cel: Pick<Expressions, "check">,
): { readonly shipped: readonly Shipped[]; readonly problems: readonly (ScorecardProblem & { readonly file: string })[] } {
  const shipped: Shipped[] = [];
  const problems: (ScorecardProblem & { file: string })[] = [];
  for (const folder of folders.map((one) => (typeof one === "string" ? one : fileURLToPath(one)))) {
    for (const file of readdirSync(folder).sort()) {
      if (!/\.ya?ml$/.test(file)) continue;
      const text = readFileSync(join(folder, file), "utf8");
      const read = readDocument({ yaml: text }, cel);
      problems.push(...read.problems.map((problem) => ({ file, ...problem })));
      if (read.document && read.problems.length === 0)
        shipped.push({ file, document: read.document, digest: createHash("sha256").update(text).digest("hex") });
    }
  }
  return { shipped, problems };
}

/**
 * Makes what is stored what was shipped: what is new comes in, what is newer replaces the older. What a person changed or removed stays
 * as that person wanted it. Several processes may start at once: the first does it, the others find it done.
 */
export async function storeShipped(
  o: { readonly db: Database; readonly log: Logger; readonly now: () => Date },
  shipped: readonly Shipped[],
): Promise<void> {
  await o.db.transaction(async (sql) => {
    await lockScorecards(sql);
    const stored = new Map((await readScorecards(sql)).map((row) => [row.name, row]));
    const hasRubric = [...stored.values()].find(({ rubric, removed_at }) => rubric && removed_at === null);
    for (const { document, digest, file } of shipped) {
      const { name } = document.metadata;
      const row = stored.get(name);
      if (row && (row.shipped === null || row.shipped === digest || row.removed_at !== null)) continue;
      if (document.spec.rubric && hasRubric && hasRubric.name !== name) continue;
      const version = (await newestVersion(sql, name)) + 1;
      await writeScorecard(sql, document, {
        version,
        at: o.now(),
        actor: "system:standards.scorecards",
        reason: "shipped with Roadbed",
        shipped: digest,
      });
      o.log.info("a scorecard was taken from its file", { scorecard: name, version, file });
    }
  });
}
