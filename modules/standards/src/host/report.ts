import { annotationsOf, COMMENT_MARK, FORMATS, headline, suggestedEdits } from "@roadbed/contracts/standards/check-report";
import { ConflictError, ForbiddenError, InvalidError } from "@roadbed/core";

import type { Ask } from "./ask.ts";
import type { Report } from "./git-host.ts";

/** GitHub takes no more annotations in one request. */
const MOST_ANNOTATIONS = 50;
const MOST_EDITS = 20;
const MOST_PAGES = 30;
const CHECK = "Roadbed policies";

/** One comment, which is edited from then on; a check of the commit with annotations; edits that are taken with a click. */
export async function reportToGitHub(ask: Ask, at: string, { number, head, result, link }: Report): Promise<void> {
  const body = bodyOf(result, link);
  const mine = await findMine(ask, `${at}/issues/${number}/comments`);
  if (mine === undefined) await ask("POST", `${at}/issues/${number}/comments`, { body: { body } });
  else await ask("PATCH", `${at}/issues/comments/${mine}`, { body: { body } });
  await checkRun(ask, at, { number, head, result, link });
  const edits = suggestedEdits(result, "github");
  const known =
    edits.length === 0 ? [] : (((await ask("GET", `${at}/pulls/${number}/comments?per_page=100`)).body ?? []) as { body?: string }[]);
  for (const { path, line, body: text } of edits.filter((edit) => !isSaid(known, edit.body)).slice(0, MOST_EDITS)) {
    await leniently(ask("POST", `${at}/pulls/${number}/comments`, { body: { body: text, path, line, side: "RIGHT", commit_id: head } }));
  }
}

/** The same commit has one check of ours: a repeat after a crash finds it. Tokens that are no app's may not write checks: the comment says it. */
async function checkRun(ask: Ask, at: string, { head, result, link }: Report): Promise<void> {
  const annotations = annotationsOf(result).map(({ path, line, level, title, message }) => ({
    path,
    start_line: line,
    end_line: line,
    annotation_level: level,
    title,
    message,
  }));
  const output = { title: headline(result), summary: bodyOf(result, link).slice(0, 60_000) };
  const conclusion = { deny: "failure", unknown: "failure", warn: "neutral", allow: "success" }[result.verdict];
  const state = { status: "completed", conclusion, details_url: link };
  try {
    const { body: runs } = await ask("GET", `${at}/commits/${head}/check-runs?check_name=${encodeURIComponent(CHECK)}`);
    const known = (runs?.check_runs as { id: number }[] | undefined)?.[0];
    const first = { ...state, output: { ...output, annotations: annotations.slice(0, MOST_ANNOTATIONS) } };
    const { body: run } = known
      ? await ask("PATCH", `${at}/check-runs/${known.id}`, { body: { ...state, output } })
      : await ask("POST", `${at}/check-runs`, { body: { name: CHECK, head_sha: head, ...first } });
    for (let from = MOST_ANNOTATIONS; known === undefined && from < annotations.length; from += MOST_ANNOTATIONS) {
      await ask("PATCH", `${at}/check-runs/${run.id}`, {
        body: { output: { ...output, annotations: annotations.slice(from, from + MOST_ANNOTATIONS) } },
      });
    }
  } catch (error) {
    if (!(error instanceof ForbiddenError)) throw error;
    const state = { deny: "failure", unknown: "failure", warn: "success", allow: "success" }[result.verdict];
    await ask("POST", `${at}/statuses/${head}`, {
      body: { state, target_url: link, description: headline(result).slice(0, 140), context: CHECK },
    });
  }
}

/** One note, a status of the commit, and edits that are taken with a click. */
export async function reportToGitLab(ask: Ask, at: string, { number, head, result, link }: Report): Promise<void> {
  const body = bodyOf(result, link);
  const notes = `${at}/merge_requests/${number}/notes`;
  const mine = await findMine(ask, notes);
  if (mine === undefined) await ask("POST", notes, { body: { body } });
  else await ask("PUT", `${notes}/${mine}`, { body: { body } });
  const state = { deny: "failed", unknown: "failed", warn: "success", allow: "success" }[result.verdict];
  await leniently(
    ask("POST", `${at}/statuses/${head}`, { body: { state, name: CHECK, target_url: link, description: headline(result).slice(0, 250) } }),
  );
  const edits = suggestedEdits(result, "gitlab");
  if (edits.length === 0) return;
  const request = (await ask("GET", `${at}/merge_requests/${number}`)).body;
  const { base_sha, start_sha } = (request?.diff_refs ?? {}) as { base_sha?: string; start_sha?: string };
  const discussions = `${at}/merge_requests/${number}/discussions`;
  const known = (((await ask("GET", `${discussions}?per_page=100`)).body ?? []) as { notes?: { body?: string }[] }[]).flatMap(
    (one) => one.notes ?? [],
  );
  for (const { path, line, body: text } of edits.filter((edit) => !isSaid(known, edit.body)).slice(0, MOST_EDITS)) {
    const position = { position_type: "text", base_sha, start_sha, head_sha: head, old_path: path, new_path: path, new_line: line };
    await leniently(ask("POST", discussions, { body: { body: text, position } }));
  }
}

function bodyOf(result: Report["result"], link: string): string {
  return `${FORMATS["markdown"]!(result)}\n[All of it](${link})\n`;
}

async function findMine(ask: Ask, path: string): Promise<number | undefined> {
  for (let page = 1; page <= MOST_PAGES; page++) {
    const comments = ((await ask("GET", `${path}?per_page=100&page=${page}`)).body ?? []) as { id: number; body?: string }[];
    const mine = comments.find(({ body }) => body?.startsWith(COMMENT_MARK));
    if (mine) return mine.id;
    if (comments.length < 100) return undefined;
  }
  return undefined;
}

function isSaid(known: readonly { readonly body?: string }[], body: string): boolean {
  const [mark = ""] = body.split("\n");
  return known.some((one) => one.body?.startsWith(mark) === true);
}

/** A line that the change does not touch takes no comment, and a commit may take no status: the comment says it all. */
async function leniently(asked: Promise<unknown>): Promise<void> {
  await asked.catch((error: unknown) => {
    if (!(error instanceof ConflictError || error instanceof InvalidError || error instanceof ForbiddenError)) throw error;
  });
}
