import { writeFile } from "node:fs/promises";

import { stopsTheAct } from "@roadbed/contracts/standards";
import { checkFiles } from "@roadbed/contracts/standards/files";
import { checkPlan } from "@roadbed/contracts/standards/plans";
import { InvalidError } from "@roadbed/core";

import { findServer } from "../credentials/find-server.ts";
import { EVERYWHERE } from "../command/global-flags.ts";
import { parseLine, type GlobalFlag } from "../command/parse-line.ts";
import type { LocalInvocation } from "../run-cli.ts";
import { renderError } from "../output/print-error.ts";
import { paintFor } from "../output/text.ts";
import { FORMATS, headline } from "@roadbed/contracts/standards/check-report";
import { readPlanFile, toChecked } from "./plan.ts";
import { publish } from "./publish.ts";
import { readFolders, readGitChange } from "./read-change.ts";

/** Stable: pipelines count on it. What could not be judged is never read as a pass. */
const CHECK_EXIT = { passed: 0, denied: 1, notJudged: 2 } as const;

const FLAGS: readonly GlobalFlag[] = ["base", "head", "folder", "before", "after", "format", "output", "plan", "publish"].map((flag) => ({
  flag,
  takesValue: true,
  help: "",
}));

/** Collects what a change touches, asks the server, and tells it in one of the formats. */
export async function check({ io, argv, flags, localTokenFiles, makeClient }: LocalInvocation): Promise<number> {
  try {
    const { given: words } = parseLine(argv, [], [], [...FLAGS, ...EVERYWHERE]);
    const given = new Map([...words].map(([flag, values]) => [flag, values.at(-1) ?? ""]));
    const format = flags.json ? "json" : (given.get("format") ?? "text");
    const render = FORMATS[format];
    if (!render) throw new InvalidError(`There is no format "${format}".`, { mend: `There are ${Object.keys(FORMATS).join(", ")}.` });
    const plan = given.get("plan");
    const files = plan === undefined ? await readChange(given) : [];
    const { url, token } = await findServer({ ...flags, env: io.env, localTokenFiles });
    const client = makeClient({ url, ...(token === undefined ? {} : { token }), face: "cli" });
    const checked =
      plan !== undefined
        ? toChecked(plan, await client.call(checkPlan, { moment: "pull-request", plan: await readPlanFile(plan) }))
        : files.length === 0
          ? NOTHING
          : await client.call(checkFiles, { moment: "pull-request", files });
    const said = render(checked);
    const output = given.get("output");
    if (output === undefined) io.stdout.write(said);
    else {
      await writeFile(output, said);
      io.stdout.write(`${headline(checked)}. Written to ${output}.\n`);
    }
    const host = given.get("publish");
    if (host !== undefined) io.stderr.write(`${await publish(host, checked, io.env)}.\n`);
    if (checked.verdict === "unknown" && (checked.unchecked ?? 0) > 0) return CHECK_EXIT.notJudged;
    if (stopsTheAct(checked.verdict)) return CHECK_EXIT.denied;
    return checked.unread.some(({ reason }) => reason.startsWith("cannot be read")) ? CHECK_EXIT.notJudged : CHECK_EXIT.passed;
  } catch (error) {
    io.stderr.write(renderError(error, paintFor(io.stderr, io.env)));
    return CHECK_EXIT.notJudged;
  }
}

const NOTHING = { verdict: "allow" as const, findings: [], introduced: 0, known: 0, mended: 0, resources: 0, evaluated: 0, unread: [] };

function readChange(given: ReadonlyMap<string, string>): ReturnType<typeof readGitChange> {
  const [before, after] = [given.get("before"), given.get("after")];
  if (before === undefined && after === undefined) {
    return readGitChange({ folder: given.get("folder") ?? ".", base: given.get("base"), head: given.get("head") });
  }
  if (before === undefined || after === undefined)
    throw new InvalidError("--before and --after belong together.", { mend: "Name both folders, or neither and a Git range with --base." });
  return readFolders(before, after);
}
