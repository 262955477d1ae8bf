import { Worker } from "node:worker_threads";

import { createEngine, TemplateFault, type Context, type Dialect, type Examined } from "./engine.ts";
import { renderValue, type Rendered } from "./render-value.ts";
import { validateValues, type Page, type SchemaProblem } from "./validate-values.ts";

/** What the process is asked, and its answer under the same `id`. */
export type Request =
  | { readonly id: number; readonly kind: "value"; readonly value: unknown; readonly context: Context; readonly failed: boolean }
  | { readonly id: number; readonly kind: "text"; readonly text: string; readonly context: Context; readonly dialect: Dialect }
  | {
      readonly id: number;
      readonly kind: "texts";
      readonly texts: readonly { readonly name: string; readonly text: string }[];
      readonly context: Context;
      readonly dialect: Dialect;
    }
  | { readonly id: number; readonly kind: "examine"; readonly texts: readonly string[]; readonly dialect: Dialect }
  | { readonly id: number; readonly kind: "validate"; readonly pages: readonly Page[]; readonly values: Record<string, unknown> };

export type Answer =
  | { readonly id: number; readonly ok: true; readonly result: Rendered | string | readonly string[] | Validated | readonly Examined[] }
  | {
      readonly id: number;
      readonly ok: false;
      readonly message: string;
      readonly line?: number;
      /** Which of the texts. */ readonly at?: number;
    };

export interface Validated {
  readonly problems: readonly SchemaProblem[];
  /** The values with the defaults of the schemas. */
  readonly values: Record<string, unknown>;
}

/** Untrusted templates and patterns run in this process, which the server ends when they take too long or too much. */
process.on("message", (request: Request) => {
  process.send?.(answer(request));
});
// Without a server there is nothing to do: seen at once when idle, by the thread when not.
process.on("disconnect", () => process.exit());
new Worker(new URL("./watch-parent.ts", import.meta.url), { workerData: process.ppid, env: {}, execArgv: [] }).unref();
process.send?.("ready");

function answer(request: Request): Answer {
  try {
    return { id: request.id, ok: true, result: work(request) };
  } catch (error) {
    const line = error instanceof TemplateFault ? error.line : undefined;
    const at = error instanceof TemplateFault ? error.at : undefined;
    return {
      id: request.id,
      ok: false,
      message: error instanceof Error ? error.message : String(error),
      ...(line === undefined ? {} : { line }),
      ...(at === undefined ? {} : { at }),
    };
  }
}

function work(request: Request): Rendered | string | readonly string[] | Validated | readonly Examined[] {
  if (request.kind === "examine") {
    const engine = createEngine(request.dialect);
    return request.texts.map((text) => engine.examine(text));
  }
  if (request.kind === "value") return renderValue(request.value, request.context, request.failed);
  if (request.kind === "texts") return renderAll(request);
  if (request.kind === "text") return createEngine(request.dialect).renderText(request.text, request.context);
  return validateValues(request.pages, request.values);
}

function renderAll({ texts, context, dialect }: Extract<Request, { kind: "texts" }>): string[] {
  const engine = createEngine(dialect);
  return texts.map(({ text }, at) => {
    try {
      // Methods of a list change it: the next text is to see it as it was.
      return engine.renderText(text, structuredClone(context));
    } catch (error) {
      const fault = error instanceof TemplateFault ? error : new TemplateFault(error instanceof Error ? error.message : String(error));
      fault.at = at;
      throw fault;
    }
  });
}
