import { lintPolicies } from "@roadbed/contracts/standards/writing";
import { handle, type Handler, type OutputOf } from "@roadbed/core";

import type { Expressions } from "../deps.ts";
import { readPolicyFiles } from "../policy/load-policies.ts";
import { readCases, runCases } from "./test-policy.ts";

type Problem = OutputOf<typeof lintPolicies>["problems"][number];

/** Reads a folder as the server does when it starts, and runs what stands beside its policies. */
export function makeLintPolicies({ cel }: { readonly cel: Expressions }): Handler {
  return handle(lintPolicies, async (_ctx, { folder }) => {
    const texts = folder
      .filter(({ path }) => /\.ya?ml$/.test(path))
      .map(({ path, base64 }) => ({ file: path, content: Buffer.from(base64, "base64").toString("utf8") }));
    const isTest = ({ file }: { readonly file: string }): boolean => /\.test\.ya?ml$/.test(file);
    const loaded = readPolicyFiles(
      texts.filter((one) => !isTest(one)),
      cel,
    );
    const problems: Problem[] = loaded.problems.map(({ file, line, column, reason, mend }) => ({
      severity: "error",
      file,
      line,
      reason,
      ...(column === undefined ? {} : { column }),
      ...(mend === undefined ? {} : { mend }),
    }));
    const tested = new Set<string>();
    let cases = 0;
    for (const { file, content } of texts.filter(isTest)) {
      try {
        const read = readCases(content);
        tested.add(read.policy);
        const results = await runCases(cel, loaded, read);
        cases += results.length;
        for (const { name, expected, found, passed, missing } of results) {
          if (passed) continue;
          const reason = missing === undefined ? `"${name}" gives ${found}, not ${expected}` : `no message of "${name}" holds "${missing}"`;
          problems.push({
            severity: "error",
            file,
            line: lineOf(content, name),
            reason,
            mend: "Correct the policy, or what its test expects.",
          });
        }
      } catch (error) {
        problems.push({ severity: "error", file, line: 1, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    for (const { name, file } of loaded.policies) {
      if (tested.has(name)) continue;
      const mend = `Write ${(file ?? name).replace(/\.ya?ml$/, "")}.test.yaml with an object that it allows and one that it finds.`;
      problems.push({ severity: "warning", file: file ?? name, line: 1, reason: `Nothing tests the policy ${name}.`, mend });
    }
    if (loaded.policies.length === 0 && problems.length === 0) {
      problems.push({
        severity: "error",
        file: ".",
        line: 1,
        reason: "There is no policy in the folder.",
        mend: "Name the folder with the policies.",
      });
    }
    return { ok: problems.every(({ severity }) => severity !== "error"), policies: loaded.policies.length, cases, problems };
  });
}

function lineOf(text: string, name: string): number {
  const at = text.split("\n").findIndex((line) => line.includes(name));
  return at + 1 || 1;
}
