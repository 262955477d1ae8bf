import { z } from "zod";

import type { DeliveryDeps } from "../../deps.ts";
import { followJsonPath } from "./json-path.ts";
import { phaseOf, type Measurement, type Provider, type TemplateMetric } from "./metric.ts";

const MOST_BYTES = 1024 * 1_024;
const SHOWN = 200;

const Sample = z.tuple([z.number(), z.string()]);
const Answer = z.object({
  status: z.string(),
  error: z.string().optional(),
  data: z
    .discriminatedUnion("resultType", [
      z.object({ resultType: z.literal("vector"), result: z.array(z.object({ value: Sample })).max(10_000) }),
      z.object({ resultType: z.literal("scalar"), result: Sample }),
    ])
    .optional(),
});

/** Measures a metric once. Never throws: what could not be measured is an error, which is a measurement too. */
export async function measure(
  { fetch, conditions }: Pick<DeliveryDeps, "fetch" | "conditions">,
  metric: TemplateMetric,
  signal: AbortSignal,
): Promise<Omit<Measurement, "second">> {
  let value: string | undefined;
  try {
    if (fetch === undefined) throw new Error("This server asks no addresses.");
    const result = await ask(fetch, metric.provider, signal);
    value = shown(result);
    const holds = async (expression: string | undefined): Promise<boolean | undefined> => {
      if (expression === undefined) return undefined;
      if (conditions === undefined) throw new Error("There is nothing here that evaluates expressions.");
      const said = await conditions.evaluate(expression, { result });
      if (typeof said !== "boolean") throw new Error("A condition gives neither yes nor no.");
      return said;
    };
    const [success, failure] = [await holds(metric.success), await holds(metric.failure)];
    return { phase: phaseOf({ ...(success === undefined ? {} : { success }), ...(failure === undefined ? {} : { failure }) }), value };
  } catch (error) {
    const message = (error as Error).name === "TimeoutError" ? "It did not answer in time." : (error as Error).message;
    return { phase: "error", ...(value === undefined ? {} : { value }), message: message.slice(0, 500) };
  }
}

async function ask(fetch: typeof globalThis.fetch, provider: Provider, signal: AbortSignal): Promise<unknown> {
  const limits = { signal: AbortSignal.any([signal, AbortSignal.timeout(provider.timeoutSeconds * 1_000)]), redirect: "error" as const };
  if (provider.kind === "prometheus") {
    const response = await fetch(`${provider.address.replace(/\/+$/, "")}/api/v1/query`, {
      ...limits,
      method: "POST",
      headers: { accept: "application/json", ...provider.headers, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ query: provider.query }).toString(),
    });
    return numbersOf(await readJson(response));
  }
  const { address, method, headers, body } = provider;
  const response = await fetch(address, {
    ...limits,
    method,
    headers: { accept: "application/json", ...headers },
    ...(body === undefined ? {} : { body }),
  });
  if (!response.ok) throw new Error(`It answered ${response.status}.`);
  return followJsonPath(await readJson(response), provider.path);
}

/** What Prometheus answers, as Argo gives it to conditions: numbers, and NaN where it says so. */
function numbersOf(answer: unknown): number | number[] {
  const read = Answer.safeParse(answer);
  if (!read.success) throw new Error("Its answer is none of Prometheus, or neither a vector nor a scalar.");
  const { status, error, data } = read.data;
  if (status !== "success" || data === undefined) throw new Error(`Prometheus: ${error ?? status}`);
  return data.resultType === "scalar" ? numberOf(data.result[1]) : data.result.map(({ value }) => numberOf(value[1]));
}

function numberOf(text: string): number {
  if (text === "+Inf" || text === "Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new Error("Its answer is larger than a megabyte.");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(response.ok ? "Its answer is no JSON." : `It answered ${response.status}.`);
  }
}

function shown(result: unknown): string {
  const text =
    typeof result === "number"
      ? String(result)
      : JSON.stringify(result, (_, value: unknown) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value));
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
