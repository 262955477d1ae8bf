import type { MonthlyCost } from "@roadbed/contracts/paths/resource-classes";
import type { Resource } from "@roadbed/contracts/standards";
import { UnavailableError, type Ctx } from "@roadbed/core";

import type { Judgement, PathsDeps } from "../deps.ts";
import type { Plan } from "./provisioner.ts";

const ORDER = ["allow", "warn", "unknown", "deny"] as const;

/** Of several answers about one act: all that was found, and the verdict that lets least through. */
export function together(answers: readonly Judgement[]): Judgement {
  const worst = Math.max(0, ...answers.map(({ verdict }) => ORDER.indexOf(verdict)));
  return { verdict: ORDER[worst] ?? "deny", findings: answers.flatMap(({ findings }) => findings) };
}

/** Asks the policies about a Terraform plan. Throws `UnavailableError` where none can be asked: then nothing may be applied. */
export function evaluatePlan({ standards }: Pick<PathsDeps, "standards">, ctx: Ctx, document: unknown): Promise<Judgement> {
  if (standards.evaluatePlan !== undefined) return standards.evaluatePlan(ctx, document);
  throw new UnavailableError("Policies cannot judge Terraform plans here, so none is applied.");
}

/** What policies see of a request: `kind: ResourceRequest` of `roadbed.dev/v1`, with its price where one is known, and what is planned. */
export function judgedOf(
  request: {
    readonly type: string;
    readonly class: string;
    readonly name: string;
    readonly environment: string;
    readonly owner: string;
    readonly consumer: string | undefined;
    readonly provisioner: string;
    readonly inputs: Readonly<Record<string, unknown>>;
    readonly cost: MonthlyCost | undefined;
  },
  plan: Pick<Plan, "changes" | "objects"> | undefined,
): Resource[] {
  const { name, cost, consumer, ...spec } = request;
  const object = {
    apiVersion: "roadbed.dev/v1",
    kind: "ResourceRequest",
    metadata: { name },
    spec: {
      type: spec.type,
      class: spec.class,
      environment: spec.environment,
      owner: spec.owner,
      ...(consumer === undefined ? {} : { consumer }),
      provisioner: spec.provisioner,
      inputs: spec.inputs,
      ...(cost === undefined ? {} : { monthlyCost: cost }),
      changes: (plan?.changes ?? []).map(({ diff: _lines, ...change }) => change),
    },
  };
  return [{ file: `${spec.type}/${spec.class} ${name}`, object }, ...(plan?.objects ?? [])];
}
