import { lintPath, newPath, previewDraft, testPath } from "@roadbed/contracts/paths/authoring";
import { handle, InvalidError, type Handler } from "@roadbed/core";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { renderOutputs } from "../run/outputs.ts";
import { createRedactor } from "../run/redact.ts";
import { rehearse } from "../run/start-run.ts";
import { assertRunnable } from "../run/step-context.ts";
import { hideSecrets } from "../template/form.ts";
import { parsePath } from "../template/template.ts";
import { listFiles } from "../workspace/workspace.ts";
import { makeCompletePath } from "./complete/complete-path.ts";
import { templateOf, withDraft } from "./draft.ts";
import { lint } from "./lint.ts";
import { newPathFiles } from "./new-path.ts";
import { testDraft, type TestDeps } from "./test-path.ts";

/** What whoever writes a path asks: a draft is looked at, tested and previewed, and never has effects. */
export function makeAuthoringHandlers(deps: TestDeps): Handler[] {
  return [
    handle(lintPath, async (_ctx, { folder }) => {
      const problems = await lint(deps, folder);
      return { ok: !problems.some(({ severity }) => severity === "error"), problems, pages: pagesOf(folder) };
    }),
    handle(testPath, async (ctx, { folder }) => {
      const tests = await testDraft(deps, ctx, folder);
      return { ok: tests.every(({ result }) => result === "passed"), tests };
    }),
    makeCompletePath(deps),
    handle(newPath, async (_ctx, input) => ({ files: newPathFiles(input) })),
    handle(previewDraft, async (ctx, { folder: files, values, secrets: handed = {} }) =>
      withDraft(deps.dataDir, files, async (folder) => {
        const path = parsePath({ entity: templateOf(files), folder, root: dirname(folder) });
        assertRunnable(path, deps.actions);
        const checked = await deps.checkValues(ctx, path, values);
        if (checked.problems.length > 0) return { problems: [...checked.problems], contents: [], output: {} };
        const contents: { path: string; executable: boolean; base64: string }[] = [];
        const {
          values: whole,
          secrets,
          user,
          previewed,
        } = await rehearse(deps, ctx, path, values, handed, async (workspace) => {
          for (const file of await listFiles(workspace))
            contents.push({
              path: file.path,
              executable: file.executable,
              base64: (await readFile(join(workspace, file.path))).toString("base64"),
            });
        });
        const scope = { parameters: whole, secrets, user, taskId: "preview", path, steps: previewed.outputs };
        const { outputs, links } = await renderOutputs(path, scope, deps.renderer);
        const redactor = createRedactor([...Object.values(secrets), ...hideSecrets(path, whole).secrets]);
        return { problems: [], preview: previewed.preview, contents, output: redactor.value({ ...outputs, links }) };
      }),
    ),
  ];
}

/** The pages of its form, as far as it can be read. */
function pagesOf(folder: Parameters<typeof templateOf>[0]): { title: string; description?: string; schema: Record<string, unknown> }[] {
  try {
    return [...parsePath({ entity: templateOf(folder) }).pages];
  } catch (error) {
    if (error instanceof InvalidError) return [];
    throw error;
  }
}
