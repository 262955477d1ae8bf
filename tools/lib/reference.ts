import { allOperations } from "@roadbed/contracts/all";
import * as catalogBase from "@roadbed/contracts/catalog";
import * as connections from "@roadbed/contracts/catalog/connections";
import * as docs from "@roadbed/contracts/catalog/docs";
import * as facts from "@roadbed/contracts/catalog/facts";
import * as graph from "@roadbed/contracts/catalog/graph";
import * as imports from "@roadbed/contracts/catalog/imports";
import * as kinds from "@roadbed/contracts/catalog/kinds";
import * as ownership from "@roadbed/contracts/catalog/ownership";
import * as proposals from "@roadbed/contracts/catalog/proposals";
import * as query from "@roadbed/contracts/catalog/query";
import * as time from "@roadbed/contracts/catalog/time";
import * as visibility from "@roadbed/contracts/catalog/visibility";
import * as cost from "@roadbed/contracts/cost";
import * as delivery from "@roadbed/contracts/delivery";
import * as identity from "@roadbed/contracts/identity";
import * as notify from "@roadbed/contracts/notify";
import * as paths from "@roadbed/contracts/paths";
import * as productBase from "@roadbed/contracts/product";
import * as adoption from "@roadbed/contracts/product/adoption";
import * as measures from "@roadbed/contracts/product/measures";
import * as value from "@roadbed/contracts/product/value";
import * as standards from "@roadbed/contracts/standards";
import * as telemetry from "@roadbed/contracts/telemetry";
import { inputJsonSchema, outputJsonSchema, type ErrorCode, type EventType, type JsonSchema, type Operation } from "@roadbed/core";

import { toCommands, type Command } from "../../faces/cli/src/command/commands.ts";
import { describeFields } from "../../faces/cli/src/command/fields.ts";
import { exampleFor } from "../../faces/cli/src/help/help.ts";
import { EXIT, exitCodeOfCode } from "../../faces/cli/src/output/exit-code.ts";
import { toolNameOf } from "../../faces/mcp/src/tool/to-tool.ts";
import { STATUS } from "../../kernel/http/src/problem/problem.ts";

const catalog = {
  ...catalogBase,
  ...query,
  ...facts,
  ...kinds,
  ...time,
  ...proposals,
  ...connections,
  ...graph,
  ...visibility,
  ...docs,
  ...ownership,
  ...imports,
};
const CONTRACTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  identity,
  catalog,
  standards,
  paths,
  delivery,
  telemetry,
  notify,
  cost,
  product: { ...productBase, ...measures, ...adoption, ...value },
};
const NOTE = "Made by `tools/write-reference.ts` from the source; edits here are lost.\n";

/** The pages of `docs/reference/`, by file name. */
export function renderReference(): ReadonlyMap<string, string> {
  const modules = Object.keys(CONTRACTS);
  return new Map([
    ["README.md", renderIndex(modules)],
    ["errors.md", renderErrors()],
    ["events.md", renderEvents()],
    ...modules.map((module) => [`${module}.md`, renderModule(module)] as const),
  ]);
}

function renderIndex(modules: readonly string[]): string {
  const rows = modules.flatMap((module) =>
    operationsOf(module).map(({ name, summary }) => `| [${name}](${module}.md#${anchorOf(name)}) | ${escapeCell(summary)} |`),
  );
  return [
    "# Reference\n",
    NOTE,
    "One operation is at once a route, a command, an MCP tool, a typed client call and an entry in `/openapi.json`.",
    "See also [errors](errors.md) and [events](events.md).\n",
    "| operation | what it does |\n|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function renderModule(module: string): string {
  const commands = toCommands(operationsOf(module));
  return [`# ${module}\n`, NOTE, ...commands.map(renderOperation)].join("\n");
}

function renderOperation(command: Command): string {
  const { operation, words } = command;
  const fields = describeFields(operation);
  const properties = propertiesOf(inputJsonSchema(operation.input));
  const rows = fields.map((field) => {
    const how = command.positional.includes(field.name) ? `\`<${field.flag}>\`` : `\`--${field.flag}\``;
    const about = [field.description, field.required ? "required" : undefined, defaultOf(properties[field.name])].filter(
      (part) => part !== undefined,
    );
    return `| \`${field.name}\` | ${how} | ${escapeCell(typeOf(properties[field.name] ?? {}))} | ${escapeCell(about.join("; "))} |`;
  });
  const output = Object.entries(propertiesOf(outputJsonSchema(operation.output))).map(([name, schema]) => `\`${name}\` ${typeOf(schema)}`);
  return [
    `## ${operation.name}\n`,
    `${operation.summary}\n`,
    `- HTTP: \`${operation.http.method} ${operation.http.path}\``,
    `- Command: \`roadbed ${words}\`, for example:\n`,
    `  \`\`\`sh\n  ${exampleFor(command, fields)}\n  \`\`\`\n`,
    `- MCP tool: \`${toolNameOf(operation)}\``,
    `- Scope: \`${operation.scope}\`; risk: ${operation.risk}\n`,
    ...(rows.length === 0 ? ["Takes no fields.\n"] : ["| field | command line | type | |\n|---|---|---|---|", ...rows, ""]),
    `Answers ${output.length === 0 ? "an empty object" : output.join(", ")}.\n`,
  ].join("\n");
}

const MEANING: Readonly<Record<ErrorCode, string>> = {
  INVALID: "The input does not fit; `problems` names each field.",
  UNAUTHENTICATED: "Nobody is signed in, or the credential is not good (any more).",
  FORBIDDEN: "The caller may not do this.",
  DENIED: "A policy says no; `problems` has one entry per rule, `decisionId` names the stored decision.",
  NOT_FOUND: "There is no such thing.",
  CONFLICT: "It clashes with what is there already.",
  TOO_LARGE: "More bytes, rows or depth than the limit that the message names.",
  TOO_MANY: "Too often; `retryAfter` and the header Retry-After say when to try again.",
  UNAVAILABLE: "A part that is needed does not answer now; trying again later is right.",
  CANCELLED: "The caller went away.",
};

function renderErrors(): string {
  const rows = Object.entries(STATUS).map(
    ([code, status]) => `| \`${code}\` | ${status} | ${exitCodeOfCode(code as ErrorCode)} | ${MEANING[code as ErrorCode]} |`,
  );
  return [
    "# Errors\n",
    NOTE,
    "Every error answer is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `code`, `detail`, `mend` (what would mend it),",
    "`problems` (a list of `at`, `reason`, `mend`) and `requestId`. MCP tools answer the same as an error result, the command line as text on",
    "stderr, and with `--json` also as one line of JSON.\n",
    "| code | HTTP | exit | meaning |\n|---|---|---|---|",
    ...rows,
    `| \`INTERNAL\` | 500 | ${EXIT.failed} | A fault of Roadbed; the server's log has the cause under the request id. |`,
    "\nA wrong content type is 415, a wrong method 405, both with code `INVALID`.\n",
  ].join("\n");
}

function renderEvents(): string {
  const rows = Object.values(CONTRACTS)
    .flatMap((contract) => Object.values(contract))
    .filter(isEvent)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      ({ name, summary, payload }) =>
        `| \`${name}\` | ${escapeCell(summary)} | ${Object.keys(propertiesOf(outputJsonSchema(payload)))
          .map((field) => `\`${field}\``)
          .join(", ")} |`,
    );
  return [
    "# Events\n",
    NOTE,
    "Each is stored in the same transaction as the state it is about and delivered at least once. `GET /api/v1/stream` tells browsers and",
    "programs that one happened (`seq`, `name`, `subject`, `time`) as server-sent events; the payload is read through operations.\n",
    "| event | when | payload |\n|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function isEvent(value: unknown): value is EventType<unknown> {
  return typeof value === "object" && value !== null && "payload" in value && "summary" in value && "name" in value;
}

function operationsOf(module: string): Operation[] {
  return allOperations.filter(({ name }) => name.startsWith(`${module}.`));
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema["properties"] ?? {}) as Record<string, JsonSchema>;
}

/** A JSON Schema in a few words. */
function typeOf(schema: JsonSchema): string {
  if (Array.isArray(schema["enum"])) return (schema["enum"] as string[]).map((word) => `\`${word}\``).join(" or ");
  if (schema["const"] !== undefined) return `\`${JSON.stringify(schema["const"])}\``;
  if (schema["type"] === "array") return `list of ${typeOf((schema["items"] ?? {}) as JsonSchema)}`;
  if (schema["format"] === "date-time") return "time";
  const range = [schema["minimum"], schema["maximum"]].filter(
    (bound) => typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER,
  );
  if (schema["type"] === "integer") return range.length === 2 ? `integer ${range.join(" to ")}` : "integer";
  return typeof schema["type"] === "string" ? schema["type"] : "any";
}

function defaultOf(schema: JsonSchema | undefined): string | undefined {
  return schema?.["default"] === undefined ? undefined : `default \`${JSON.stringify(schema["default"])}\``;
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
