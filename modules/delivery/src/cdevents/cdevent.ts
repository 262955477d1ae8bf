import { examine, InvalidError, toProblem } from "@roadbed/core";
import { z } from "zod";

/** https://github.com/cdevents/spec, version 0.5: what its schemas ask of every event, and of those that mean something here. */
export const SPEC_VERSION = "0.5.0";

const Reference = z.looseObject({ id: z.string().min(1), source: z.string().optional() });
const Text = z.string().min(1);

const Context = z.looseObject({
  specversion: z
    .string()
    .regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/, "must be a version such as 0.5.0")
    .optional(),
  // Until 0.4 it was called so.
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/, "must be a version such as 0.4.1")
    .optional(),
  id: Text,
  source: Text,
  type: z
    .string()
    .regex(/^dev\.cdevents(ext)?\.[a-z0-9-]+\.[a-z0-9-]+\.\d+\.\d+\.\d+(-[\w.]+)?$/i, "must look like dev.cdevents.service.deployed.0.3.0"),
  timestamp: z.iso.datetime({ offset: true }),
  chainId: Text.optional(),
  schemaUri: Text.optional(),
  links: z.array(z.looseObject({ linkType: z.enum(["RELATION", "PATH", "END", "START"]) })).optional(),
});

const CdEvent = z
  .looseObject({
    context: Context,
    subject: z.looseObject({ id: Text, source: Text.optional(), content: z.looseObject({}) }),
    customData: z.unknown().optional(),
    customDataContentType: z.string().optional(),
  })
  .refine(({ context }) => context.specversion !== undefined || context.version !== undefined, {
    path: ["context", "specversion"],
    message: "is needed",
  });
export type CdEvent = z.infer<typeof CdEvent>;

const InEnvironment = z.looseObject({ environment: Reference });
/** Its address was called `url` until 0.2. */
const Repository = z
  .looseObject({ name: Text, uri: Text.optional(), url: Text.optional(), owner: Text.optional(), viewUrl: Text.optional() })
  .refine(({ uri, url }) => (uri ?? url) !== undefined, { path: ["uri"], message: "is needed" });
/** What the content of these has to hold; of all others it is taken as it comes. */
const CONTENTS: Readonly<Record<string, z.ZodType>> = {
  "service.deployed": InEnvironment.extend({ artifactId: Text }),
  "service.upgraded": InEnvironment.extend({ artifactId: Text }),
  "service.rolledback": InEnvironment.extend({ artifactId: Text }),
  "service.removed": InEnvironment,
  "service.published": InEnvironment,
  "incident.detected": InEnvironment.extend({ description: Text.optional(), service: Reference.optional(), artifactId: Text.optional() }),
  "incident.reported": InEnvironment.extend({ description: Text.optional(), service: Reference.optional(), artifactId: Text.optional() }),
  "incident.resolved": InEnvironment.extend({ description: Text.optional(), service: Reference.optional(), artifactId: Text.optional() }),
  "environment.created": z.looseObject({ name: Text.optional(), uri: Text.optional() }),
  "environment.modified": z.looseObject({ name: Text.optional(), uri: Text.optional() }),
  "environment.deleted": z.looseObject({ name: Text.optional() }),
  "repository.created": Repository,
  "repository.modified": Repository,
  "repository.deleted": z.looseObject({ name: Text.optional() }),
  "branch.created": z.looseObject({ repository: Reference.optional() }),
  "branch.deleted": z.looseObject({ repository: Reference.optional() }),
  "change.created": z.looseObject({ repository: Reference.optional(), description: z.string().optional() }),
  "change.updated": z.looseObject({ repository: Reference.optional() }),
  "change.merged": z.looseObject({ repository: Reference.optional() }),
  "change.abandoned": z.looseObject({ repository: Reference.optional() }),
  "artifact.published": z.looseObject({ user: z.string().optional(), sbom: z.looseObject({ uri: Text }).optional() }),
};

/** `service.deployed` of `dev.cdevents.service.deployed.0.3.0`. */
export function predicateOf(type: string): string {
  return type.split(".").slice(2, 4).join(".");
}

/** Throws `InvalidError` that names each field. `known`: whether its content was checked, too. */
export function readCdEvent(value: unknown): { readonly event: CdEvent; readonly known: boolean } {
  const { value: event, faults } = examine(CdEvent, value);
  if (faults !== undefined) throw invalid(faults.map(toProblem));
  const predicate = predicateOf(event.context.type);
  const content = event.context.type.startsWith("dev.cdevents.") ? CONTENTS[predicate] : undefined;
  const checked = content === undefined ? undefined : examine(content, event.subject.content);
  if (checked?.faults !== undefined)
    throw invalid(checked.faults.map((fault) => toProblem({ ...fault, path: ["subject", "content", ...fault.path] })));
  return { event, known: content !== undefined };
}

/** The event itself, of the structured form of CloudEvents or as it is. */
export function unwrap(value: Readonly<Record<string, unknown>>): unknown {
  return "specversion" in value && "data" in value && !("context" in value) ? value["data"] : value;
}

function invalid(problems: ReturnType<typeof toProblem>[]): InvalidError {
  const words = problems.map(({ at, reason }) => `${at}: ${reason}`).join("; ");
  return new InvalidError(`It is no CDEvent. ${words}`, { problems, mend: "See https://cdevents.dev for what each has to hold." });
}
