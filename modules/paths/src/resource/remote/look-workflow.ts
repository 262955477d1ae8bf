import type { ResourceDrift } from "@roadbed/contracts/paths/resources";

import { dispatch, type Dispatcher, type WorkflowRequest, type WorkflowRun } from "../../action/github/workflow.ts";
import { pathOf } from "../../action/github/repository.ts";
import type { Place } from "../../action/outside/connect.ts";
import type { Facts, Seen } from "../provisioner.ts";

/** What is known of looks at a resource, among its facts. */
interface Looks {
  readonly done?: number;
  readonly at?: string;
  readonly words?: string;
  readonly drift?: readonly ResourceDrift[];
}

export interface LookWith {
  readonly everyHours: number;
  readonly now: Date;
  /** With the notes of the look of this number: one that was begun is not begun again. */
  dispatcherOf(look: number): Dispatcher;
}

/**
 * Has a workflow say what is otherwise than it was made. It is begun by one reading and its answer taken by a later one, since a reading must not
 * wait for it; until then what the last one said stays. Its answer are annotations named `drift WHAT`, e.g. `::warning title=drift seats::wanted 5, found 7`.
 */
export async function lookByWorkflow(place: Place, request: WorkflowRequest, facts: Facts, o: LookWith): Promise<Seen> {
  const looks = (facts["looks"] ?? {}) as Looks;
  const before: Seen = {
    state: looks.at === undefined ? "unknown" : "present",
    words: looks.words ?? "",
    facts: {},
    drift: looks.drift ?? [],
  };
  if (looks.at !== undefined && o.now.getTime() - Date.parse(looks.at) < o.everyHours * 3_600_000) return before;
  const number = (looks.done ?? 0) + 1;
  const begun = await dispatch(o.dispatcherOf(number), place, request);
  const run = begun === undefined ? undefined : await runOf(place, begun.id);
  if (run?.status !== "completed") return before.words === "" ? { ...before, words: `${request.workflowId} looks at it` } : before;
  // Only a run that came to its end has looked at everything.
  const failed = run.conclusion !== "success";
  const drift = failed ? (looks.drift ?? []) : await driftOf(place, run);
  const words = failed
    ? `${request.workflowId} could not look at it: it ended with ${run.conclusion}, ${run.html_url}`
    : `${request.workflowId} looked at it: ${drift.length === 0 ? "it is as it was made" : `${drift.length} otherwise`}`;
  const known: Looks = { done: number, at: o.now.toISOString(), words, drift };
  return { state: failed ? "unknown" : "present", words, facts: { looks: known, url: run.html_url }, drift };
}

async function runOf(place: Place, id: number): Promise<WorkflowRun | undefined> {
  const { status, body } = await place.ask("GET", `${pathOf(place)}/actions/runs/${id}`, { accept: [404] });
  return status === 404 ? undefined : (body as WorkflowRun);
}

const MOST_JOBS = 20;
const MOST_DRIFT = 100;

async function driftOf(place: Place, { id }: WorkflowRun): Promise<ResourceDrift[]> {
  const { body } = await place.ask("GET", `${pathOf(place)}/actions/runs/${id}/jobs?per_page=${MOST_JOBS}`);
  const jobs: { id: number }[] = Array.isArray(body?.jobs) ? body.jobs : [];
  const drift: ResourceDrift[] = [];
  // A job is a check run of the same number.
  for (const job of jobs.slice(0, MOST_JOBS)) {
    const { body: said } = await place.ask("GET", `${pathOf(place)}/check-runs/${job.id}/annotations?per_page=${MOST_DRIFT}`);
    drift.push(...(Array.isArray(said) ? said : []).flatMap(readAnnotation));
  }
  return drift.slice(0, MOST_DRIFT);
}

/** Annotations that are about something else say nothing of drift. */
export function readAnnotation({ title, message }: { title?: unknown; message?: unknown }): ResourceDrift[] {
  const what = typeof title === "string" ? /^drift:?\s+(.{1,200})$/is.exec(title)?.[1]?.trim() : undefined;
  if (what === undefined) return [];
  const text = typeof message === "string" ? message.trim() : "";
  const both = /^wanted (.*?),? found (.*)$/is.exec(text);
  return [{ what, wanted: (both?.[1] ?? "as it was made").slice(0, 500), found: (both?.[2] ?? text).slice(0, 500) }];
}
