import {
  DeniedError,
  DomainError,
  InvalidError,
  perform,
  unknownFields,
  type Call,
  type Handler,
  type Logger,
  type Runtime,
} from "@roadbed/core";

import { extraArguments, mustSayWhy } from "./to-tool.ts";

export interface ToolDeps {
  readonly runtime: Runtime;
  readonly log: Logger;
}

/** What an agent gets: the output as data and as text, or what went wrong and what would mend it. */
export interface ToolResult {
  readonly content: { readonly type: "text"; readonly text: string }[];
  readonly structuredContent?: Record<string, unknown>;
  readonly isError?: boolean;
  readonly _meta?: Record<string, unknown>;
  readonly [key: string]: unknown;
}

/** Performs an operation for an agent. Never throws: an agent can mend what it is told as a result. */
export async function callTool(
  { runtime, log }: ToolDeps,
  handler: Handler,
  call: Call,
  given: Readonly<Record<string, unknown>>,
): Promise<ToolResult> {
  try {
    const { input, reason, idempotencyKey } = splitArguments(handler, given);
    const output = await perform(
      runtime,
      handler,
      { ...call, ...(reason === undefined ? {} : { reason }), ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
      input,
    );
    const text = JSON.stringify(output ?? {});
    return { content: [{ type: "text", text }], structuredContent: JSON.parse(text) as Record<string, unknown> };
  } catch (error) {
    return toErrorResult(error, call, log, handler);
  }
}

function splitArguments(
  { operation }: Handler,
  given: Readonly<Record<string, unknown>>,
): { input: Record<string, unknown>; reason?: string; idempotencyKey?: string } {
  const extra = extraArguments(operation);
  const input = Object.fromEntries(Object.entries(given).filter(([name]) => !(name in extra)));
  // Some operations keep the reason themselves: then it is both their field and what the audit log says.
  const reason = operation.risk === "read" ? undefined : readText(given["reason"], "reason", 2_000);
  const idempotencyKey = "idempotencyKey" in extra ? readText(given["idempotencyKey"], "idempotencyKey", 200) : undefined;
  const problems = unknownFields(operation.input, input);
  if (mustSayWhy(operation) && (reason === undefined || reason.trim().length < 3)) {
    problems.push({ at: "reason", reason: "is missing", mend: "Say in a sentence why you do this." });
  }
  if (problems.length > 0) throw new InvalidError(problems.map(({ at, reason: why }) => `${at}: ${why}`).join("; "), { problems });
  return { input, ...(reason === undefined ? {} : { reason }), ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
}

function readText(value: unknown, at: string, max: number): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value.length > 0 && value.length <= max) return value;
  throw new InvalidError(`${at}: must be a text of at most ${max} characters`, {
    problems: [{ at, reason: `must be a text of at most ${max} characters` }],
  });
}

function toErrorResult(error: unknown, call: Call, log: Logger, { operation }: Handler): ToolResult {
  if (!(error instanceof DomainError)) {
    log.error("a tool call failed", {
      requestId: call.requestId,
      operation: operation.name,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return {
      isError: true,
      content: [{ type: "text", text: `Something went wrong inside Roadbed; this is not the request's fault. Request ${call.requestId}.` }],
    };
  }
  const lines = [
    `${error.code}: ${error.message}`,
    ...error.problems.map(
      ({ at, reason, mend }) => `- ${at === "" ? "" : `${at}: `}${reason}${mend === undefined ? "" : ` Mend: ${mend}`}`,
    ),
    ...(error.mend === undefined ? [] : [`Mend: ${error.mend}`]),
  ];
  const problem = {
    code: error.code,
    detail: error.message,
    mend: error.mend,
    problems: error.problems,
    requestId: call.requestId,
    ...(error instanceof DeniedError ? { decisionId: error.decisionId } : {}),
  };
  return {
    isError: true,
    content: [{ type: "text", text: lines.join("\n") }],
    _meta: { "dev.roadbed/problem": JSON.parse(JSON.stringify(problem)) as unknown },
  };
}
