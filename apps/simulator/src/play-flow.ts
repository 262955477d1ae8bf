import { ROOT_CONTEXT, SeverityNumber, SpanKind, SpanStatusCode, trace, type Attributes, type Context } from "@opentelemetry/api";

import type { Exporters } from "./exporters.ts";
import type { FlowAi, FlowNode } from "./flows.ts";
import type { PlacedIncident } from "./load.ts";

export interface Stage {
  readonly exporters: Exporters;
  readonly random: () => number;
  readonly incidents: readonly PlacedIncident[];
}

/** An ordinary request fails now and then. */
const ORDINARY_ERRORS = 0.0012;

/** Plays one request through the estate, beginning at `at` (milliseconds); answers how it ended. */
export function playFlow(stage: Stage, root: FlowNode, at: number): { readonly ms: number; readonly failed: boolean } {
  return playNode(stage, root, root.service ?? "unknown", at, ROOT_CONTEXT);
}

function playNode(stage: Stage, node: FlowNode, caller: string, at: number, parent: Context): { ms: number; failed: boolean } {
  const service = node.service ?? caller;
  const trouble =
    node.store === undefined
      ? stage.incidents.find((incident) => incident.service === service && incident.from <= at && at < incident.to)
      : undefined;
  const own = spread(stage.random) * node.ms * (trouble?.slower ?? 1);
  const { tracer, logger } = stage.exporters.sdkOf(service);
  const span = tracer.startSpan(
    node.operation,
    { kind: kindOf(node), startTime: at, attributes: { ...attributesOf(node), ...(node.ai && aiAttributes(node.ai, stage.random)) } },
    parent,
  );
  const context = trace.setSpan(parent, span);

  let clock = at + own * 0.4;
  let broken = false;
  for (const call of node.calls) {
    const result = playNode(stage, call, service, clock, context);
    clock += result.ms;
    broken ||= result.failed;
    if (broken) break;
  }
  const fails = !broken && node.store === undefined && stage.random() < (trouble?.errors ?? ORDINARY_ERRORS);
  const end = clock + own * 0.6;
  if (broken || fails) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: fails ? (trouble?.title ?? "unexpected state") : "a call failed" });
    if (node.operation.includes(" /")) span.setAttribute("http.response.status_code", fails ? 500 : 502);
    if (fails) span.addEvent("exception", { "exception.type": "Error", "exception.message": trouble?.title ?? "unexpected state" }, end);
    logger.emit({
      timestamp: end,
      context,
      severityNumber: SeverityNumber.ERROR,
      severityText: "ERROR",
      body: fails ? `${node.operation} failed: ${trouble?.title ?? "unexpected state"}` : `${node.operation} failed because a call failed`,
    });
  } else if (node.operation.includes(" /")) {
    span.setAttribute("http.response.status_code", 200);
    if (stage.random() < 0.01)
      logger.emit({
        timestamp: end,
        context,
        severityNumber: SeverityNumber.INFO,
        severityText: "INFO",
        body: `${node.operation} took ${Math.round(end - at)} ms`,
      });
  }
  span.end(end);
  return { ms: end - at, failed: broken || fails };
}

function kindOf(node: FlowNode): SpanKind {
  if (node.store !== undefined) return SpanKind.CLIENT;
  if (node.ai !== undefined) return node.ai.provider === undefined ? SpanKind.INTERNAL : SpanKind.CLIENT;
  return node.kind === "consumer" ? SpanKind.CONSUMER : SpanKind.SERVER;
}

function attributesOf(node: FlowNode): Record<string, string> {
  if (node.store !== undefined)
    return {
      "db.system.name": node.system ?? "other_sql",
      "db.operation.name": node.operation.split(" ")[0] ?? "",
      "server.address": node.store,
    };
  const [method, route] = node.operation.split(" ");
  return route?.startsWith("/") === true && method !== undefined ? { "http.request.method": method, "http.route": route } : {};
}

/** As OpenTelemetry's conventions for generative AI name them, with our own name for a prompt's version, which they have none for. */
function aiAttributes(ai: FlowAi, random: () => number): Attributes {
  const input = ai.input === undefined ? undefined : Math.round(ai.input * spread(random));
  return {
    "gen_ai.operation.name": ai.does,
    "gen_ai.provider.name": ai.provider,
    "gen_ai.request.model": ai.model,
    "gen_ai.response.model": ai.answers ?? ai.model,
    "gen_ai.prompt.name": ai.prompt,
    "roadbed.prompt.version": ai.promptVersion,
    "gen_ai.agent.name": ai.agent,
    "gen_ai.tool.name": ai.tool,
    "gen_ai.usage.input_tokens": input,
    "gen_ai.usage.output_tokens": ai.output === undefined ? undefined : Math.round(ai.output * spread(random)),
    "gen_ai.usage.cache_read.input_tokens":
      input === undefined || ai.cached === undefined ? undefined : Math.round(input * ai.cached * random()),
    "gen_ai.response.time_to_first_chunk": ai.first === undefined ? undefined : (ai.first * spread(random)) / 1_000,
    "gen_ai.response.finish_reasons": ai.finish === undefined ? undefined : [ai.finish],
  };
}

/** Log-normal round 1: most requests take about their time, some take several times as long. */
function spread(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(0.35 * normal);
}
