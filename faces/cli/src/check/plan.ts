import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import type { checkPlan } from "@roadbed/contracts/standards/plans";
import { InvalidError, type OutputOf } from "@roadbed/core";

import type { Checked } from "@roadbed/contracts/standards/check-report";

export async function readPlanFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new InvalidError(`The plan cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      mend: "Write it by `terraform show -json plan.bin > plan.json` and name that file.",
    });
  }
}

/** A plan says no lines: its findings stand at the address of the resource, in the plan's own file. All of them are news. */
export function toChecked(path: string, { verdict, findings, changes, evaluated }: OutputOf<typeof checkPlan>): Checked {
  const told = findings.map((one) => ({
    ...one,
    file: path,
    line: 1,
    column: 1,
    fingerprint: createHash("sha256")
      .update(JSON.stringify([one.policy, one.binding, one.params, one.resource, one.expression, one.result]))
      .digest("hex")
      .slice(0, 32),
    introduced: true,
  }));
  return { verdict, findings: told, introduced: told.length, known: 0, mended: 0, resources: changes, evaluated, unread: [] };
}
