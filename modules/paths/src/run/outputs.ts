import type { Run } from "@roadbed/contracts/paths";

import { isFalsy } from "../render/render-value.ts";
import type { Renderer } from "../render/renderer.ts";
import type { Path } from "../template/template.ts";
import { contextOf, type Scope } from "./step-context.ts";

export interface Outputs {
  readonly outputs: Record<string, unknown>;
  readonly links: Run["links"];
  readonly warnings: readonly string[];
}

/**
 * What a run has made, as its path's `output` says; `entityRef`, `cloneUrl` and `serviceUrl` are added from what its steps
 * put out where the path does not name them.
 */
export async function renderOutputs(path: Path, scope: Scope, renderer: Renderer): Promise<Outputs> {
  const { value, warnings } = await renderer.renderValue(path.output, contextOf(scope, false));
  const { links, text, ...free } = value as Record<string, unknown>;
  const texts = listOf(text)
    .filter(isShown)
    .map(({ if: _if, ...rest }) => rest);
  return {
    outputs: { ...fromSteps(path, scope), ...free, ...(texts.length === 0 ? {} : { text: texts }) },
    links: listOf(links).filter(isShown).flatMap(toLink),
    warnings,
  };
}

/** The first output of that name, of a step with that action. */
function fromSteps(path: Path, scope: Scope): Record<string, unknown> {
  const known = {
    entityRef: ["catalog:register", "entityRef"],
    cloneUrl: ["publish:git", "cloneUrl"],
    serviceUrl: ["roadbed:deploy:wait", "url"],
  };
  const entries = Object.entries(known).flatMap(([name, [action, output = ""]]) => {
    const values = path.steps
      .filter((step) => step.action === action)
      .map(({ id }) => (scope.steps[id]?.output as Record<string, unknown> | undefined)?.[output]);
    const value = values.find((one) => one !== undefined);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((item): item is Record<string, unknown> => typeof item === "object" && item !== null) : [];
}

function isShown(item: Record<string, unknown>): boolean {
  return !("if" in item) || !isFalsy(item["if"]);
}

function toLink({ title, url, entityRef }: Record<string, unknown>): Run["links"] {
  const target = {
    ...(typeof url === "string" && url !== "" ? { url } : {}),
    ...(typeof entityRef === "string" && entityRef !== "" ? { entityRef } : {}),
  };
  if (Object.keys(target).length === 0) return [];
  return [{ title: typeof title === "string" ? title : (target.url ?? target.entityRef ?? ""), ...target }];
}
