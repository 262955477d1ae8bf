import type { Outcome, Veil, Way } from "@roadbed/cel";
import type { AdmissionAnswer, Finding, PolicyMoment, Resource, Verdict } from "@roadbed/contracts/standards";

import type { Expressions } from "../deps.ts";
import { entityRefOf } from "../waiver/apply-waivers.ts";
import { toAdmission } from "./admission.ts";
import { readCatalogFor, type ReadCatalog } from "./catalog-view.ts";
import { missingParams, readCompiled, readOutcome, unknownCompiled, type Note, type Subject, type Violation } from "./findings.ts";
import { targetOf, type Target } from "./match.ts";
import type { ParamObject } from "./params.ts";
import { lookingAt, planQuestions, type Question, type StageOf } from "./plan.ts";
import type { LoadedPolicy } from "./policy.ts";

export interface Judgement {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** How often a policy was asked about a resource that it looks at. */
  readonly evaluated: number;
  /** What Kubernetes would have answered about each resource that somebody has something to say of. */
  readonly admission: readonly AdmissionAnswer[];
}

/** What policies are asked with, besides the resources. */
export interface Circumstances {
  readonly moment: PolicyMoment;
  readonly params?: readonly ParamObject[];
  /** Default: what the policies say themselves. */
  readonly stageOf?: StageOf;
  /** Who acts, as policies read it in `request.userInfo`. */
  readonly username?: string;
  /** What the catalogue knows of entities. Absent: nothing. */
  readonly catalog?: ReadCatalog | undefined;
}

/** What was found, before it is told: which object, which policy, by which binding. */
export interface Evaluated {
  readonly violations: readonly Violation[];
  readonly notes: readonly Note[];
  readonly evaluated: number;
  readonly names: readonly string[];
}

/** Asks every policy of this moment about every resource that it looks at, in one batch. Stores nothing. */
export async function evaluatePolicies(
  cel: Expressions,
  policies: readonly LoadedPolicy[],
  about: PolicyMoment | Circumstances,
  resources: readonly Resource[],
): Promise<Judgement> {
  return toJudgement(await findViolations(cel, policies, typeof about === "string" ? { moment: about } : about, resources));
}

/** The same, with what each finding hangs on. */
export async function findViolations(
  cel: Expressions,
  policies: readonly LoadedPolicy[],
  { moment, params = [], stageOf = () => undefined, username = "", catalog }: Circumstances,
  resources: readonly Resource[],
): Promise<Evaluated> {
  const namespaces = namespacesIn(resources);
  const labels = new Map([...namespaces].map(([name, { metadata }]) => [name, recordOf(recordOf(metadata)["labels"])]));
  const targets = resources.map((resource) => targetOf(resource, labels));
  const { questions: planned, unaskable } = planQuestions(lookingAt(policies, moment, stageOf), targets, params);
  const questions = planned.filter(({ policy }) => policy.compiled === undefined);
  const known = catalog === undefined ? undefined : await knownOf(questions, resources, catalog);
  const request = questions.some(({ policy }) => policy.readsRequest);
  const bindings = makeBindings(resources, targets, namespaces, request ? username : undefined, known);
  const programs = [...new Set(questions.map(({ policy }) => policy.program))];
  const positions = new Map(programs.map((program, i) => [program, i]));
  const outcomes = await cel.evaluateBatch({
    programs,
    evaluations: questions.map((question) => ({
      program: positions.get(question.policy.program) ?? -1,
      binding: bindings.positionOf(question),
    })),
    bindings: bindings.all,
    ...(bindings.veils.some(Boolean) ? { veils: bindings.veils } : {}),
  });
  const violations: Violation[] = [];
  const notes: Note[] = [];
  const subjectOf = (target: number): Subject => ({ resource: resources[target] as Resource, target: targets[target] as Target });
  for (const [i, question] of questions.entries()) {
    const read = readOutcome(question, outcomes[i] as Outcome, subjectOf(question.target));
    violations.push(...read.violations);
    notes.push(...read.notes);
  }
  violations.push(...(await askCompiled(planned, subjectOf, username)));
  for (const one of unaskable) violations.push(...missingParams(one, one.target, subjectOf(one.target)));
  const names = targets.map(({ kind, name }) => `${kind} ${name}`);
  return { violations, notes, evaluated: planned.length + unaskable.length, names };
}

/** Policies that were compiled elsewhere, each about all of its objects at once. */
async function askCompiled(planned: readonly Question[], subjectOf: (target: number) => Subject, username: string): Promise<Violation[]> {
  const violations: Violation[] = [];
  const byPolicy = Map.groupBy(
    planned.filter(({ policy }) => policy.compiled !== undefined),
    ({ policy }) => policy,
  );
  for (const [{ compiled }, questions] of byPolicy) {
    if (compiled === undefined) continue;
    const isUnknown = ({ target }: Question): boolean => (subjectOf(target).resource.unknown?.length ?? 0) > 0;
    const known = questions.filter((question) => !isUnknown(question));
    const answers = await compiled.ask(
      known.map(({ target }) => compiled.inputOf(subjectOf(target).resource, subjectOf(target).target, username)),
    );
    for (const [i, question] of known.entries()) {
      violations.push(...readCompiled(question, answers[i]!, compiled.entrypoint, subjectOf(question.target)));
    }
    for (const question of questions.filter(isUnknown)) violations.push(...unknownCompiled(question, subjectOf(question.target)));
  }
  return violations;
}

export function toJudgement({ violations, notes, evaluated, names }: Evaluated): Judgement {
  const findings = violations.map(({ finding }) => finding);
  return { verdict: verdictOf(findings), findings, evaluated, admission: toAdmission(names, violations, notes) };
}

export function verdictOf(findings: readonly Pick<Finding, "severity" | "result">[]): Verdict {
  const stopping = findings.filter(({ severity }) => severity === "deny");
  if (stopping.some(({ result }) => result !== "unknown")) return "deny";
  if (stopping.length > 0) return "unknown";
  return findings.some(({ severity }) => severity === "warn") ? "warn" : "allow";
}

type Data = Readonly<Record<string, unknown>>;

/** One set of values per object and parameters: policies that read the same are given the same. */
function makeBindings(
  resources: readonly Resource[],
  targets: readonly Target[],
  namespaces: ReadonlyMap<string, Data>,
  username: string | undefined,
  catalog: ReadonlyMap<number, unknown> | undefined,
): { readonly all: Data[]; readonly veils: (Veil | undefined)[]; positionOf(question: Question): number } {
  const all: Data[] = [];
  const veils: (Veil | undefined)[] = [];
  const known: Map<ParamObject | null, number>[] = [];
  return {
    all,
    veils,
    positionOf({ target, param }) {
      const mine = (known[target] ??= new Map());
      const before = mine.get(param);
      if (before !== undefined) return before;
      const resource = resources[target] as Resource;
      mine.set(
        param,
        all.push({ ...bind(resource, targets[target] as Target, namespaces, username, param), catalog: catalog?.get(target) ?? null }) - 1,
      );
      veils.push(veilOf(resource));
      return all.length - 1;
    },
  };
}

/** By target, what the catalogue knows of the entity; only for those that a policy asks it about. */
async function knownOf(
  questions: readonly Question[],
  resources: readonly Resource[],
  catalog: ReadCatalog,
): Promise<ReadonlyMap<number, unknown> | undefined> {
  const asking = questions.filter(({ policy }) => policy.readsCatalog !== undefined);
  if (asking.length === 0) return undefined;
  const texts = new Set(asking.flatMap(({ policy }) => policy.readsCatalog ?? []));
  const refs = new Map(
    [...new Set(asking.map(({ target }) => target))].flatMap((target) => {
      const ref = subjectOfObject((resources[target] as Resource).object);
      return ref === undefined ? [] : [[target, ref] as const];
    }),
  );
  const read = await readCatalogFor([...texts], [...new Set(refs.values())], catalog);
  return new Map([...refs].map(([target, ref]) => [target, read.get(ref)]));
}

/** An entity is about itself, a promotion about what is promoted. */
function subjectOfObject(object: Data): string | undefined {
  const entity = object["kind"] === "Promotion" ? recordOf(object["spec"])["entity"] : undefined;
  return typeof entity === "string" ? entity : entityRefOf(object);
}

/** What is special about its values; what is removed is read as `oldObject`. */
function veilOf({ unknown = [], sensitive = [], operation, oldObject }: Resource): Veil | undefined {
  if (unknown.length + sensitive.length === 0) return undefined;
  const placed = (way: Way): Way =>
    operation === "DELETE" && oldObject === undefined && way[0] === "object" ? ["oldObject", ...way.slice(1)] : way;
  return { unknown: unknown.map(placed), secret: sensitive.map(placed) };
}

/** The values that an expression may read, as the API server would give them; without `username`, no `request`. */
function bind(
  { object, oldObject }: Resource,
  target: Target,
  namespaces: ReadonlyMap<string, Data>,
  username: string | undefined,
  param: ParamObject | null,
): Data {
  const { namespace, operation } = target;
  const namespaceObject = namespace === "" ? null : (namespaces.get(namespace) ?? bareNamespace(namespace));
  return {
    object: operation === "DELETE" ? null : object,
    oldObject: oldObject ?? (operation === "DELETE" ? object : null),
    request: username === undefined ? null : requestOf(target, username),
    params: param?.object ?? null,
    namespaceObject,
  };
}

function requestOf({ group, version, kind, resource, name, namespace, operation }: Target, username: string): Data {
  return {
    kind: { group, version, kind },
    resource: { group, version, resource },
    subResource: "",
    requestKind: { group, version, kind },
    requestResource: { group, version, resource },
    requestSubResource: "",
    name,
    namespace,
    operation,
    userInfo: { username, uid: "", groups: [], extra: {} },
    dryRun: true,
    options: {},
  };
}

function bareNamespace(name: string): Data {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { "kubernetes.io/metadata.name": name } } };
}

/** The namespaces that are made together with what stands in them. */
function namespacesIn(resources: readonly Resource[]): Map<string, Data> {
  const found = new Map<string, Data>();
  for (const { object } of resources) {
    const name = object["kind"] === "Namespace" ? recordOf(object["metadata"])["name"] : undefined;
    if (typeof name === "string") found.set(name, object);
  }
  return found;
}

function recordOf(value: unknown): Data {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Data) : {};
}
