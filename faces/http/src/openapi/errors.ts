import type { ErrorCode, JsonSchema, Operation } from "@roadbed/core";
import { STATUS } from "@roadbed/http";

/** The body of every error answer (RFC 9457 problem details). */
export const PROBLEM_SCHEMA: JsonSchema = {
  type: "object",
  description: "What went wrong, where, and what would mend it.",
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", enum: [...Object.keys(STATUS), "INTERNAL"] },
    detail: { type: "string" },
    mend: { type: "string", description: "What would mend it, in one sentence." },
    problems: {
      type: "array",
      items: {
        type: "object",
        properties: { at: { type: "string" }, reason: { type: "string" }, mend: { type: "string" } },
        required: ["at", "reason"],
      },
    },
    requestId: { type: "string" },
    decisionId: { type: "string", description: "The stored policy decision, with code DENIED." },
    retryAfter: { type: "integer", description: "Seconds, with code TOO_MANY." },
  },
  required: ["type", "title", "status", "code", "detail", "problems", "requestId"],
};

const MEANING: Readonly<Partial<Record<ErrorCode, string>>> = {
  INVALID: "The input does not fit; `problems` names each field.",
  UNAUTHENTICATED: "Nobody is signed in, or the credential is not good (any more).",
  FORBIDDEN: "The caller may not do this.",
  DENIED: "A policy says no; `problems` has one entry per rule.",
  NOT_FOUND: "There is no such thing.",
  CONFLICT: "It clashes with what is there already.",
  TOO_MANY: "Too often; try again after the seconds in Retry-After.",
  UNAVAILABLE: "A part that is needed does not answer now.",
};

/** The error answers an operation can give, by status. */
export function errorResponses(operation: Operation): Record<string, unknown> {
  const codes: ErrorCode[] = [
    "INVALID",
    ...(operation.public === true ? [] : (["UNAUTHENTICATED", "FORBIDDEN"] as const)),
    ...(operation.http.path.includes("{") ? (["NOT_FOUND"] as const) : []),
    ...(operation.risk === "read" ? [] : (["CONFLICT", "DENIED"] as const)),
    "TOO_MANY",
    "UNAVAILABLE",
  ];
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return Object.fromEntries(codes.map((code) => [String(STATUS[code]), { description: MEANING[code] ?? code, content }]));
}
