import { Readable } from "node:stream";

import { cancelRun, checkValues, retryRun, runPath } from "@roadbed/contracts/paths";
import { listActions, previewDraft, showAction } from "@roadbed/contracts/paths/authoring";
import {
  completeValue,
  listExtensions,
  listTasks,
  readEvents,
  readTask,
  readTemplate,
  TaskStatus,
  type TaskEvent,
} from "@roadbed/contracts/paths/scaffolder";
import { InvalidError, parseInput } from "@roadbed/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "@roadbed/http";
import { z } from "zod";

import type { Ask } from "../face/ask.ts";
import { sendJson } from "../face/errors.ts";
import { integer, invalid, queryOf, texts } from "../request/params.ts";

const Values = z.record(z.string(), z.unknown());
const Secrets = z.record(z.string(), z.string());
const NewTask = z.object({ templateRef: z.string().min(1), values: Values, secrets: Secrets.optional() });
const DryRun = z.object({
  template: z.unknown(),
  values: Values,
  secrets: Secrets.optional(),
  directoryContents: z.array(z.object({ path: z.string(), base64Content: z.string() })).default([]),
});
const Complete = z.object({ token: z.string().optional(), context: z.record(z.string(), z.string()).default({}) });

interface Named {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}
type ById = { readonly Params: { readonly taskId: string } };

/** How long one wait for news lasts, in ms. */
const LONG_POLL = 30_000;
const STREAM_WAIT = 10_000;

/** The HTTP contract of Backstage's scaffolder over golden paths and their runs. */
export function addScaffolderRoutes(app: FastifyInstance, ask: Ask): void {
  app.get<{ Params: Named }>("/v2/templates/:namespace/:kind/:name/parameter-schema", async (request, reply) => {
    const { namespace, kind, name } = request.params;
    const { uiOptions, ...found } = await ask(readTemplate, request, reply, { ref: `${kind}:${namespace}/${name}` });
    return send(reply, { ...found, ...(uiOptions === undefined ? {} : { "ui:options": uiOptions }) });
  });

  app.get("/v2/actions", async (request, reply) => send(reply, await actionsOf(ask, request, reply)));

  app.post("/v2/tasks", { bodyLimit: MOST_BYTES }, async (request, reply) => {
    const { templateRef, values, secrets } = parseInput(NewTask, request.body);
    const { problems } = await ask(checkValues, request, reply, { path: templateRef, values });
    if (problems.length > 0) return send(reply.code(400), { errors: problems.map((problem) => toValidationError(problem, values)) });
    const { id } = await ask(runPath, request, reply, { path: templateRef, values, ...(secrets === undefined ? {} : { secrets }) });
    return send(reply.code(201), { id });
  });

  app.get("/v2/tasks", async (request, reply) => {
    const query = queryOf(request);
    return send(
      reply,
      await ask(listTasks, request, reply, {
        createdBy: texts(query, "createdBy"),
        status: texts(query, "status").map((status) => parseInput(TaskStatus, status)),
        order: texts(query, "order").map(toOrder),
        limit: integer(query, "limit", 1),
        offset: integer(query, "offset", 0),
      }),
    );
  });

  app.get<ById>("/v2/tasks/:taskId", async (request, reply) =>
    send(reply, await ask(readTask, request, reply, { id: request.params.taskId })),
  );
  app.post<ById>("/v2/tasks/:taskId/cancel", async (request, reply) => {
    await ask(cancelRun, request, reply, { id: request.params.taskId });
    return send(reply, { status: "cancelled" });
  });
  app.post<ById>("/v2/tasks/:taskId/retry", async (request, reply) => {
    const { id } = await ask(retryRun, request, reply, { id: request.params.taskId });
    return send(reply.code(201), { id });
  });
  app.get<ById>("/v2/tasks/:taskId/events", async (request, reply) => {
    const { events } = await ask(readEvents, request, reply, { id: request.params.taskId, after: afterOf(request), waitMs: LONG_POLL });
    return send(reply, events);
  });
  app.get<ById>("/v2/tasks/:taskId/eventstream", async (request, reply) => stream(ask, request, reply, request.params.taskId));

  app.post("/v2/dry-run", { bodyLimit: MOST_BYTES }, async (request, reply) => dryRun(ask, request, reply));
  app.post<{ Params: { provider: string; resource: string } }>("/v2/autocomplete/:provider/:resource", async (request, reply) => {
    const { token, context } = parseInput(Complete, request.body ?? {});
    const { provider, resource } = request.params;
    return send(
      reply,
      await ask(completeValue, request, reply, { provider, resource, context, ...(token === undefined ? {} : { token }) }),
    );
  });
  app.get("/v2/templating-extensions", async (request, reply) => send(reply, await ask(listExtensions, request, reply, {})));
}

const MOST_BYTES = 10 * 1024 * 1024;

function send(reply: FastifyReply, value: unknown): Promise<FastifyReply> {
  return sendJson(reply, JSON.stringify(value));
}

async function actionsOf(ask: Ask, request: FastifyRequest, reply: FastifyReply): Promise<unknown[]> {
  const { items } = await ask(listActions, request, reply, { limit: 500 });
  return Promise.all(
    items.map(async ({ id }) => {
      const { description, input, output, examples } = await ask(showAction, request, reply, { id });
      return {
        id,
        description,
        examples: examples.map(({ description: words, yaml }) => ({ description: words, example: yaml })),
        schema: { input, ...(output === undefined ? {} : { output }) },
      };
    }),
  );
}

/** As the validator writes it that they use. */
function toValidationError({ field, reason, mend }: { field: string; reason: string; mend?: string | undefined }, values: unknown): object {
  const path = field.split(".").filter(Boolean);
  const property = ["instance", ...path].join(".");
  const message = mend === undefined ? reason : `${reason}. ${mend}`;
  const instance = path.reduce<unknown>(
    (found, key) => (typeof found === "object" && found !== null ? (found as never)[key] : undefined),
    values,
  );
  return {
    path,
    property,
    message,
    schema: {},
    instance: instance ?? null,
    name: "value",
    argument: null,
    stack: `${property} ${message}`,
  };
}

function toOrder(text: string): { field: string; order: "asc" | "desc" } {
  const [, order, field] = /^(asc|desc):(.+)$/.exec(text.trim()) ?? [];
  if (field === undefined) throw invalid("order", `Invalid order parameter "${text}", expected "<asc or desc>:<field name>"`);
  return { field, order: order as "asc" | "desc" };
}

function afterOf(request: FastifyRequest): number {
  return integer(queryOf(request), "after", 0) ?? 0;
}

/** Until the task has ended; a client that comes back says by `after` what it has. */
async function stream(ask: Ask, request: FastifyRequest, reply: FastifyReply, id: string): Promise<FastifyReply> {
  const first = await ask(readEvents, request, reply, { id, after: afterOf(request) });
  reply.header("content-type", "text/event-stream").header("cache-control", "no-store").header("x-accel-buffering", "no");
  return reply.send(Readable.from(frames()));

  async function* frames(): AsyncGenerator<string> {
    let [page, after] = [first, afterOf(request)];
    for (;;) {
      yield page.events.length === 0 ? ": still here\n\n" : page.events.map(frameOf).join("");
      after = page.events.at(-1)?.id ?? after;
      if (page.done || request.raw.destroyed) return;
      page = await ask(readEvents, request, reply, { id, after, waitMs: STREAM_WAIT });
    }
  }
}

function frameOf(event: TaskEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** The template as it is given, followed without effects; what does not fit its form is answered as they answer it. */
async function dryRun(ask: Ask, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { template, values, secrets, directoryContents } = parseInput(DryRun, request.body);
  if (typeof template !== "object" || template === null) throw new InvalidError("Input template is not a template");
  const folder = [
    { path: "template.yaml", base64: Buffer.from(JSON.stringify(template)).toString("base64") },
    ...directoryContents.map(({ path, base64Content }) => ({ path, base64: base64Content })).filter(({ path }) => path !== "template.yaml"),
  ];
  const made = await ask(previewDraft, request, reply, { folder, values, ...(secrets === undefined ? {} : { secrets }) });
  if (made.preview === undefined)
    return send(reply.code(400), { errors: made.problems.map((problem) => toValidationError(problem, values)) });
  return send(reply, {
    log: made.preview.log.map((line) => ({ body: { message: line } })),
    directoryContents: made.contents.map(({ path, executable, base64 }) => ({ path, executable, base64Content: base64 })),
    output: made.output,
    steps: made.preview.steps.map(({ id, name, action }) => ({ id, name, action })),
  });
}
