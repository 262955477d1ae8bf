import type { Finding, Resource } from "@roadbed/contracts/standards";
import { backtestPolicy, tryPolicy } from "@roadbed/contracts/standards/workbench";
import { formatActor, handle, InvalidError, NotFoundError, type Ctx, type Handler } from "@roadbed/core";

import type { Expressions } from "../deps.ts";
import { readManifests } from "../files/read-manifests.ts";
import { asSeenBy } from "../policy/catalog-view.ts";
import { evaluatePolicies, findViolations } from "../policy/evaluate-policies.ts";
import { readPolicyFile, type LoadedPolicies } from "../policy/load-policies.ts";
import type { ParamObject } from "../policy/params.ts";
import { holdsAt } from "../policy/plan.ts";
import type { LoadedPolicy } from "../policy/policy.ts";
import type { Things } from "../scorecard/things.ts";
import { makeStageOf } from "../stage/stage.ts";
import { selectStages } from "../stage/stage-store.ts";
import { readPlan } from "../terraform/read-plan.ts";
import { aboutOf } from "../waiver/apply-waivers.ts";
import type { Entities } from "../waiver/parts.ts";
import { askThePast } from "./ask-the-past.ts";
import { makeTestPolicy } from "./test-policy.ts";

interface Parts {
  readonly cel: Expressions;
  /** Those in force, to compare with, and their parameters. */
  readonly policies: readonly LoadedPolicy[];
  readonly params: readonly ParamObject[];
  readonly things: Pick<Things, "refsAfter" | "read" | "viewOf">;
  readonly entities?: Entities | undefined;
}

/** Most things that one back-test looks at: it is waited for. */
const MOST = 20_000;
const SLICE = 500;
const EXAMPLES = 50;

/** A policy that is being written, asked without being in force. */
export function makeWorkbench(parts: Parts): Handler[] {
  const attempt = handle(tryPolicy, async (ctx, { text, resources, entity, plan, manifests, moment }) => {
    const loaded = read(parts, text);
    const asked: Resource[] = [
      ...resources,
      ...(entity === undefined ? [] : [await readEntity(parts, ctx, entity)]),
      ...(plan === undefined ? [] : readPlan(plan)),
      ...(manifests === undefined ? [] : objectsIn(manifests)),
    ];
    const { verdict, findings, evaluated } = await ask(parts, ctx, loaded, asked, moment);
    return { problems: problemsOf(loaded), verdict, findings: [...findings], evaluated };
  });

  const backtest = handle(backtestPolicy, async (ctx, { text, days }) => {
    const loaded = read(parts, text);
    const names = new Set(loaded.policies.map(({ name }) => name));
    const before = parts.policies.filter(({ name }) => names.has(name));
    const tally = makeTally();
    const view = await parts.things.viewOf(ctx);
    const catalog = asSeenBy(parts.things, view);
    const stageOf = makeStageOf(await selectStages(ctx.sql), ctx.now());
    let [after, more] = ["", loaded.policies.length > 0];
    while (more && tally.looked() < MOST && !ctx.signal.aborted) {
      const refs = parts.things.refsAfter(after, undefined, SLICE);
      more = refs.length === SLICE;
      after = refs.at(-1) ?? after;
      const things = await parts.things.read(
        refs.filter((ref) => view.get(ref) !== undefined),
        {},
      );
      const slice = [...things.values()].map(({ entity }) => ({ object: entity as Record<string, unknown> }));
      const username = formatActor(ctx.actor);
      const now = await findViolations(
        parts.cel,
        loaded.policies,
        { moment: "audit", params: paramsOf(parts, loaded), stageOf: always, username, catalog },
        slice,
      );
      const then = await findViolations(parts.cel, before, { moment: "audit", params: parts.params, stageOf, username, catalog }, slice);
      tally.add(slice, now.violations, then.violations);
    }
    const past =
      days === 0 || names.size === 0
        ? undefined
        : await askThePast({ ...parts, params: paramsOf(parts, loaded) }, ctx, loaded.policies, days);
    return { problems: problemsOf(loaded), complete: !more, ...tally.answer(), ...(past === undefined ? {} : { past }) };
  });

  return [attempt, backtest, makeTestPolicy(parts)];
}

/** Throws `InvalidError` for a text of which something cannot be read: what is not asked about would look like a pass. */
function objectsIn(text: string): Resource[] {
  const { manifests, unread } = readManifests("manifests.yaml", text);
  const [first] = unread;
  if (first) throw new InvalidError(`Line ${first.line} of the manifests: ${first.reason}`, { mend: first.mend });
  if (manifests.length === 0) {
    throw new InvalidError("There is no manifest in the text.", {
      mend: "Give objects with `apiVersion` and `kind`, one after another, separated by ---.",
    });
  }
  return manifests.map(({ object }) => ({ object: { ...object } }));
}

/** A policy that is tried holds where its text says, and in the audit in any case. */
const always: Parameters<typeof holdsAt>[2] = ({ points, severity }, moment) =>
  points.find((point) => point.moment === moment)?.action ?? severity;

function read({ cel }: Parts, text: string): LoadedPolicies {
  return readPolicyFile("policy.yaml", text, cel);
}

/** Its own parameters count before those in force. */
function paramsOf(parts: Parts, loaded: LoadedPolicies): readonly ParamObject[] {
  return loaded.params.length > 0 ? loaded.params : parts.params;
}

function problemsOf({ problems }: LoadedPolicies) {
  return problems.map(({ line, column, reason, mend }) => ({
    line,
    reason,
    ...(column === undefined ? {} : { column }),
    ...(mend === undefined ? {} : { mend }),
  }));
}

async function readEntity({ things }: Parts, ctx: Ctx, ref: string): Promise<Resource> {
  const view = await things.viewOf(ctx);
  const entity = view.get(ref) && (await things.read([ref], {})).get(ref)?.["entity"];
  if (typeof entity !== "object" || entity === null) throw new NotFoundError("entity", ref, "List the entities to see what there is.");
  return { object: entity as Record<string, unknown> };
}

async function ask(parts: Parts, ctx: Ctx, loaded: LoadedPolicies, resources: readonly Resource[], moment: Parameters<typeof always>[1]) {
  const catalog = asSeenBy(parts.things, await parts.things.viewOf(ctx));
  const circumstances = { moment, params: paramsOf(parts, loaded), stageOf: always, username: formatActor(ctx.actor), catalog };
  return evaluatePolicies(parts.cel, loaded.policies, circumstances, resources);
}

interface Counts {
  found: number;
  newly: number;
  noLonger: number;
}

type Found = Awaited<ReturnType<typeof findViolations>>["violations"];

function makeTally() {
  let looked = 0;
  const total: Counts = { found: 0, newly: 0, noLonger: 0 };
  const teams = new Map<string, Counts>();
  const examples: Finding[] = [];
  return {
    looked: () => looked,
    add(slice: readonly Resource[], now: Found, then: Found): void {
      looked += slice.length;
      const [hit, was] = [new Set(now.map(({ target }) => target)), new Set(then.map(({ target }) => target))];
      for (const target of new Set([...hit, ...was])) {
        const { team = "" } = aboutOf([slice[target] as Resource])[0] ?? {};
        const mine = teams.get(team) ?? { found: 0, newly: 0, noLonger: 0 };
        teams.set(team, mine);
        for (const counts of [total, mine]) {
          if (hit.has(target)) counts.found++;
          if (hit.has(target) && !was.has(target)) counts.newly++;
          if (!hit.has(target)) counts.noLonger++;
        }
      }
      for (const { finding, target } of now.slice(0, EXAMPLES - examples.length)) {
        const { entity, team } = aboutOf([slice[target] as Resource])[0] ?? {};
        examples.push({ ...finding, ...(entity === undefined ? {} : { entity }), ...(team === undefined ? {} : { team }) });
      }
    },
    answer: () => ({
      looked,
      ...total,
      teams: [...teams].map(([name, counts]) => ({ name, ...counts })).toSorted((a, b) => b.found - a.found || (a.name < b.name ? -1 : 1)),
      examples,
    }),
  };
}
