import type { MonthlyCost } from "@roadbed/contracts/paths/resource-classes";
import type { Resource } from "@roadbed/contracts/standards";

import type { Plan } from "./provisioner.ts";

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
  plan: Pick<Plan, "changes"> | undefined,
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
      changes: plan?.changes ?? [],
    },
  };
  return [{ file: `${spec.type}/${spec.class} ${name}`, object }];
}
