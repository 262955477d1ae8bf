import { createHash } from "node:crypto";

import type { Gate } from "@roadbed/contracts/delivery/promotions";

import { isReady } from "../promotion/pull-request.ts";

/** The gates that merging itself answers. */
const BY_MERGE: ReadonlySet<string> = new Set(["approvals", "pull-request"]);
/** A host takes about 64 kB of text; the rest is read where it was made. */
const LONGEST_DIFFERENCE = 30_000;

export interface PromotedThing {
  readonly entity_ref: string;
  readonly number: number;
  readonly gates: readonly Gate[];
}

export interface ChangedFile {
  readonly path: string;
  readonly status: string;
  readonly added: number;
  readonly removed: number;
  readonly patch?: string | undefined;
}

/** What a host is told of a proposed promotion: whether it may be merged, in one word and one sentence, and why, gate by gate. */
export function noteOf(
  environment: string,
  things: readonly PromotedThing[],
  files: readonly ChangedFile[],
): { readonly state: "waiting" | "good" | "bad"; readonly summary: string; readonly text: string } {
  const gates = things.flatMap((thing) => thing.gates.filter(({ name }) => !BY_MERGE.has(name)).map((gate) => ({ thing, gate })));
  const stopping = gates.filter(({ gate }) => gate.overridden === undefined && gate.verdict !== "passed");
  const isBad = stopping.some(({ gate }) => gate.verdict !== "waiting");
  const isGood = things.length > 0 && things.every((thing) => isReady(thing.gates));
  const state = isBad ? "bad" : isGood ? "good" : "waiting";
  const summary =
    state === "good"
      ? `Every gate of ${environment} holds. Merging it is your approval.`
      : stopping.length === 0
        ? `The gates of ${environment} are being asked.`
        : `Not yet: ${stopping.map(({ gate }) => gate.title).join(", ")}.`;
  const rows = gates.map(
    ({ thing, gate }) => `| ${cell(thing.entity_ref)} ${thing.number} | ${cell(gate.title)} | ${verdictOf(gate)} | ${cell(gate.why)} |`,
  );
  const text = [
    `**${summary}**`,
    "",
    ...(rows.length === 0 ? [] : ["| what | gate | verdict | why |", "|---|---|---|---|", ...rows, ""]),
    ...differenceOf(files),
    "Every gate is asked once more when it is merged. A merge that does not count is taken back by a commit that says why. Closing it ends the promotion.",
  ].join("\n");
  return { state, summary, text };
}

/** Differs when there is something to be told anew: not with each word that counts minutes. */
export function digestOf(o: {
  readonly head: string;
  readonly title: string;
  readonly body: string;
  readonly things: readonly PromotedThing[];
}): string {
  const gates = o.things.map(({ entity_ref, number, gates: all }) => [
    entity_ref,
    number,
    all.map(({ name, verdict, overridden }) => [name, verdict, overridden?.at]),
  ]);
  return createHash("sha256")
    .update(JSON.stringify([o.head, o.title, o.body, gates]))
    .digest("hex");
}

function verdictOf({ verdict, overridden }: Gate): string {
  return overridden === undefined ? verdict : `${verdict}, let pass by ${cell(overridden.by)}`;
}

function differenceOf(files: readonly ChangedFile[]): string[] {
  if (files.length === 0) return ["It changes no file.", ""];
  let left = LONGEST_DIFFERENCE;
  const shown: string[] = [];
  for (const { path, status, patch } of files) {
    if (patch === undefined || patch.length > left) continue;
    left -= patch.length;
    shown.push(
      `--- ${status === "added" ? "/dev/null" : `a/${path}`}`,
      `+++ ${status === "deleted" ? "/dev/null" : `b/${path}`}`,
      patch.trimEnd(),
    );
  }
  const list = files.slice(0, 100).map(({ path, status, added, removed }) => `- \`${path}\` ${status}, +${added} −${removed}`);
  const fence = fenceFor(shown.join("\n"));
  return [
    ...list,
    ...(files.length > 100 ? [`- and ${files.length - 100} more`] : []),
    "",
    ...(shown.length === 0
      ? []
      : ["<details><summary>What is rendered differently</summary>", "", `${fence}diff`, ...shown, fence, "", "</details>", ""]),
  ];
}

/** Longer than any run of backticks inside, so that nothing in it ends the block. */
function fenceFor(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  return "`".repeat(longest + 1);
}

/** Somebody else's words stand in one cell: no new line, no column, no markup of their own. */
function cell(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\|<>`*_[\]@]/g, (sign) => (sign === "@" ? "@\u200b" : `\\${sign}`));
}
