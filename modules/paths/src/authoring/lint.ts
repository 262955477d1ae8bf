import type { LintProblem } from "@roadbed/contracts/paths/authoring";
import { DomainError } from "@roadbed/core";
import { posix } from "node:path";
import { z } from "zod";

import type { Actions } from "../action/actions.ts";
import type { Renderer } from "../render/renderer.ts";
import { missingAction } from "../run/step-context.ts";
import { fieldsOf } from "../template/form.ts";
import { nearest } from "../template/nearest.ts";
import { parsePath, type Path, type Step } from "../template/template.ts";
import { matchesAny } from "../workspace/glob.ts";
import { TEMPLATE, templateOf, textOf, type DraftFile } from "./draft.ts";
import { locate, type Located } from "./positions.ts";

export interface LintDeps {
  readonly actions: Actions;
  readonly renderer: Renderer;
}

/** Everything that can be known to be wrong with a path before anybody follows it, in the order in which it stands. */
export async function lint(deps: LintDeps, files: readonly DraftFile[]): Promise<LintProblem[]> {
  const text = textOf(files, TEMPLATE);
  if (text === undefined)
    return [
      { severity: "error", file: TEMPLATE, line: 1, column: 1, reason: `there is no ${TEMPLATE}`, mend: "Name the folder that holds it." },
    ];
  const located = locate(text);
  if (located.faults.length > 0)
    return located.faults.map(({ message, ...at }) => ({ severity: "error", file: TEMPLATE, ...at, reason: message }));
  const path = read(files, located);
  if (Array.isArray(path)) return path;
  const found = [
    ...lintForm(path, located),
    ...path.steps.flatMap((step, index) => lintStep(deps, path, step, index, located)),
    ...(await lintExpressions(deps, path, located)),
    ...(await lintFiles(deps, path, files, located)),
  ];
  return found.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}

function read(files: readonly DraftFile[], located: Located): Path | LintProblem[] {
  try {
    return parsePath({ entity: templateOf(files) });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const faults = error.problems.length > 0 ? error.problems : [{ at: "", reason: error.message }];
    return faults.map(({ at, reason }) =>
      problem("error", located.at(at.split(/[.[\]/]+/).filter(Boolean)), `${at} ${reason}`.trim(), error.mend),
    );
  }
}

function problem(
  severity: "error" | "warning",
  at: { line: number; column: number },
  reason: string,
  mend?: string,
  file = TEMPLATE,
): LintProblem {
  return { severity, file, line: at.line, column: at.column, reason, ...(mend === undefined ? {} : { mend }) };
}

/** The form as a page has it in the text: a list, or one alone. */
function pageAt(path: Path, index: number): (string | number)[] {
  return Array.isArray((path.entity.spec as Record<string, unknown>)["parameters"])
    ? ["spec", "parameters", index]
    : ["spec", "parameters"];
}

function lintForm(path: Path, located: Located): LintProblem[] {
  return path.pages.flatMap(({ schema }, index) => {
    const names = fieldsOf({ pages: path.pages.slice(index, index + 1) }).map((field) => field.path);
    const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
    return required.flatMap((name, place) => {
      if (names.includes(name)) return [];
      const near = nearest(name, names);
      const mend = near === undefined ? "Add the field, or take it out of required." : `Did you mean ${near}?`;
      return [
        problem("error", located.at([...pageAt(path, index), "required", place]), `${name} is required and is no field of this page`, mend),
      ];
    });
  });
}

function lintStep({ actions }: LintDeps, path: Path, step: Step, index: number, located: Located): LintProblem[] {
  const at = ["spec", "steps", index];
  const action = actions.get(step.action);
  if (action === undefined) {
    const { reason, mend } = missingAction(step.action, actions);
    return [problem("error", located.at([...at, "action"]), reason, mend)];
  }
  const found: LintProblem[] = [];
  for (const issue of action.input.safeParse(step.input).error?.issues ?? []) {
    const where = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    if (isOpen(step.input, where)) continue;
    found.push(
      problem(
        "error",
        located.at([...at, "input", ...where]),
        `${step.action} does not take this: ${where.join(".")} ${issue.message}`.replace(/ {2,}/g, " "),
      ),
    );
  }
  const names = inputNames(action.input);
  for (const name of Object.keys(step.input)) {
    if (names === undefined || names.includes(name)) continue;
    const near = nearest(name, names);
    found.push(
      problem(
        "warning",
        located.at([...at, "input", name], true),
        `${step.action} has no input ${name}; it is passed over`,
        near === undefined ? "Take it out." : `Did you mean ${near}?`,
      ),
    );
  }
  if (path.steps.findIndex(({ id }) => id === step.id) !== index)
    found.push(problem("error", located.at([...at, "id"]), `another step has the id ${step.id}`));
  return found;
}

/** Whether a value, or what it stands in, is known only when the path is followed. */
function isOpen(input: unknown, path: readonly (string | number)[]): boolean {
  let value = input;
  for (const part of [undefined, ...path]) {
    if (part !== undefined) value = typeof value === "object" && value !== null ? (value as never)[part] : undefined;
    if (typeof value === "string" && /\$\{\{|\{%/.test(value)) return true;
  }
  return false;
}

/** The names an action's input has; undefined where it takes any. */
function inputNames(schema: z.ZodType): string[] | undefined {
  const { properties, additionalProperties } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as {
    properties?: object;
    additionalProperties?: unknown;
  };
  return properties === undefined || (additionalProperties !== undefined && additionalProperties !== false)
    ? undefined
    : Object.keys(properties);
}

interface Written {
  readonly text: string;
  readonly at: (string | number)[];
  /** How many steps are before it. */
  readonly before: number;
  readonly secretsSeen: boolean;
}

/** Every expression: that it parses, and that what it reaches for is there. */
async function lintExpressions({ renderer }: LintDeps, path: Path, located: Located): Promise<LintProblem[]> {
  const written: Written[] = path.steps.flatMap((step, index) => {
    const at = ["spec", "steps", index];
    const repeated = step.each !== undefined;
    return [
      ...stringsIn(step.input, [...at, "input"], { before: index, secretsSeen: true }),
      ...stringsIn(step.if, [...at, "if"], { before: index, secretsSeen: repeated }),
      ...stringsIn(step.each, [...at, "each"], { before: index, secretsSeen: true }),
    ];
  });
  written.push(...stringsIn(path.output, ["spec", "output"], { before: path.steps.length, secretsSeen: false }));
  const examined = await renderer.examine(written.map(({ text }) => text));
  const fields = fieldsOf(path).map((field) => field.path);
  return examined.flatMap(({ fault, reaches }, index) => {
    const one = written[index]!;
    const at = located.at(one.at);
    if (fault !== undefined) return [problem("error", at, `the expression cannot be evaluated: ${fault.message}`)];
    return reaches.flatMap((reach) => lintReach(path, fields, one, reach).map(({ reason, mend }) => problem("error", at, reason, mend)));
  });
}

function lintReach(
  path: Path,
  fields: readonly string[],
  { before, secretsSeen }: Written,
  reach: string,
): { reason: string; mend?: string }[] {
  const [root, name, part] = reach.replace(/\[\].*$/, "").split(".");
  if (name === undefined) return [];
  if (root === "parameters" && fields.length > 0 && !fields.some((field) => field === name || field.startsWith(`${name}.`))) {
    const near = nearest(name, fields);
    return [{ reason: `the form has no field ${name}`, ...(near === undefined ? {} : { mend: `Did you mean ${near}?` }) }];
  }
  if (root === "secrets" && !secretsSeen)
    return [{ reason: "secrets cannot be seen here", mend: "Use them in the input of a step, or in its each." }];
  if (root !== "steps") return [];
  const known = path.steps.slice(0, before).map(({ id }) => id);
  if (!known.includes(name)) {
    const later = path.steps.some(({ id }) => id === name);
    const near = nearest(name, known);
    return [
      {
        reason: later ? `the step ${name} comes later` : `there is no step ${name} before this`,
        ...(later ? { mend: "Move it before." } : near === undefined ? {} : { mend: `Did you mean ${near}?` }),
      },
    ];
  }
  return part === undefined || part === "output" ? [] : [{ reason: `a step has no ${part}`, mend: `Write steps.${name}.output.${part}` }];
}

function stringsIn(value: unknown, at: (string | number)[], of: Pick<Written, "before" | "secretsSeen">): Written[] {
  if (typeof value === "string") return /\$\{\{|\{%/.test(value) ? [{ text: value, at, ...of }] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => stringsIn(item, [...at, index], of));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => stringsIn(item, [...at, key], of));
}

/** The folders that steps name, and the templates in them. */
async function lintFiles({ renderer }: LintDeps, path: Path, files: readonly DraftFile[], located: Located): Promise<LintProblem[]> {
  const found: LintProblem[] = [];
  for (const [index, { action, input }] of path.steps.entries()) {
    const url = input["url"];
    if (!action.startsWith("fetch:") || typeof url !== "string" || /\$\{\{|^[a-z+]+:/i.test(url)) continue;
    const folder = posix.normalize(url).replace(/\/$/, "");
    const at = located.at(["spec", "steps", index, "input", "url"]);
    if (folder.startsWith("..") && !files.some(({ path: file }) => file.startsWith(`${folder}/`))) {
      found.push(problem("warning", at, `${url} lies outside of the folder that was given, and was not looked at`));
      continue;
    }
    const inside = files.filter((file) => folder === "." || file.path === folder || file.path.startsWith(`${folder}/`));
    if (inside.length === 0) found.push(problem("error", at, `${url} is not there`, "Add it beside template.yaml, or correct the url."));
    if (/^fetch:(template|cookiecutter)/.test(action)) found.push(...(await lintSkeleton(renderer, inside, folder, action, input)));
  }
  return found;
}

async function lintSkeleton(
  renderer: Renderer,
  inside: readonly DraftFile[],
  folder: string,
  action: string,
  input: Readonly<Record<string, unknown>>,
): Promise<LintProblem[]> {
  const raw = [input["copyWithoutTemplating"] ?? [], input["copyWithoutRender"] ?? []].flat().map(String);
  const extension = input["templateFileExtension"];
  const texts = inside.flatMap(({ path, base64 }) => {
    const relative = folder === "." ? path : path.slice(folder.length + 1);
    if (
      matchesAny(relative, raw) ||
      (typeof extension === "string" && !path.endsWith(extension)) ||
      (extension === true && !path.endsWith(".njk"))
    )
      return [];
    const content = Buffer.from(base64, "base64");
    return content.includes(0) ? [] : [{ path, text: content.toString("utf8") }];
  });
  const cookiecutter = input["cookiecutterCompat"] === true || action === "fetch:cookiecutter";
  const dialect = { cookiecutter, trimBlocks: input["trimBlocks"] === true, lstripBlocks: input["lstripBlocks"] === true };
  const examined = await renderer.examine(
    texts.map(({ text }) => text),
    dialect,
  );
  const values = typeof input["values"] === "object" && input["values"] !== null ? Object.keys(input["values"]) : undefined;
  const root = cookiecutter ? "cookiecutter" : "values";
  return examined.flatMap(({ fault, reaches }, index) => {
    const { path, text } = texts[index]!;
    if (fault !== undefined) return [problem("error", { line: fault.line ?? 1, column: 1 }, fault.message, undefined, path)];
    return reaches.flatMap((reach) => {
      const [start, name] = reach.replace(/\[\].*$/, "").split(".");
      if (start !== root || name === undefined || values === undefined || values.includes(name)) return [];
      const near = nearest(name, values);
      const line = text.slice(0, Math.max(0, text.indexOf(`${root}.${name}`))).split("\n").length;
      return [
        problem(
          "warning",
          { line, column: 1 },
          `the step gives no value ${name}: it is filled in as nothing`,
          near === undefined ? undefined : `Did you mean ${near}?`,
          path,
        ),
      ];
    });
  });
}
