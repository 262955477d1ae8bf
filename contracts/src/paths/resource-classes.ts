import { defineOperation, PageInput, pageOf } from "@roadbed/core";
import { z } from "zod";

/** A sort of thing that is provisioned, e.g. `postgres`. */
export const ResourceType = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "must be lower-case letters, digits and dashes, e.g. postgres")
  .max(40);
/** Which of that sort, e.g. `small`. */
export const ClassName = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "must be lower-case letters, digits and dashes, e.g. small")
  .max(40);

/** An exact number as text: money is never a float. */
export const Amount = z.string().regex(/^\d{1,12}(\.\d{1,6})?$/, "must be a number such as 12.50");

/** What something costs in a month of use, and who says so. */
export const MonthlyCost = z.object({
  amount: Amount,
  currency: z.string().regex(/^[A-Z]{3}$/, "must be a currency such as EUR"),
  source: z.string().min(1).max(500).describe("Where the price is from"),
  date: z.iso.date().describe("The day on which it was looked up"),
});
export type MonthlyCost = z.infer<typeof MonthlyCost>;

/** How a class is made in an environment. */
export const ClassModule = z.object({
  environments: z.array(z.string()).describe("Names of environments; `*` is any other"),
  provisioner: z.string(),
  inputs: z.record(z.string(), z.unknown()),
  /** Absent where no price is known: unknown is not zero. */
  cost: MonthlyCost.optional(),
});
export type ClassModule = z.infer<typeof ClassModule>;

export const ResourceClass = z.object({
  type: ResourceType,
  class: ClassName,
  title: z.string(),
  description: z.string().optional(),
  promises: z.array(z.string()),
  modules: z.array(ClassModule),
  /** `shipped`: it came with the product. `saved`: somebody saved it here, and it counts before a shipped one of the same name. */
  origin: z.enum(["shipped", "saved"]),
  /** Files beside it, e.g. those of a Terraform module. */
  files: z.array(z.string()),
  actor: z.string().optional(),
  at: z.iso.datetime().optional(),
});
export type ResourceClass = z.infer<typeof ResourceClass>;

export const listResourceClasses = defineOperation({
  name: "paths.resource-class.list",
  summary: "List what can be requested by type and class, with its promises, its price and what makes it in each environment.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/resource-classes" },
  input: PageInput.extend({ type: ResourceType.optional() }),
  output: pageOf(ResourceClass),
  cli: { columns: ["type", "class", "title", "origin"], empty: "There is no class of that type. See roadbed resource-class list." },
});

export const showResourceClass = defineOperation({
  name: "paths.resource-class.show",
  summary: "Show one class: its text and the files beside it.",
  scope: "paths:read",
  risk: "read",
  http: { method: "GET", path: "/api/v1/resource-classes/{type}/{class}" },
  input: z.object({ type: ResourceType, class: ClassName }),
  output: ResourceClass.extend({ yaml: z.string(), texts: z.array(z.object({ path: z.string(), text: z.string() })) }),
});

const ClassFile = z.object({
  path: z.string().min(1).max(300),
  base64: z.string().max(2_000_000),
  executable: z.boolean().default(false),
});

export const saveResourceClass = defineOperation({
  name: "paths.resource-class.save",
  summary: "Add a class of resources, or put one in place of a shipped one: a folder with class.yaml and the files of its module.",
  scope: "paths:admin",
  risk: "high",
  http: { method: "POST", path: "/api/v1/resource-classes" },
  input: z.object({ folder: z.array(ClassFile).min(1).max(200).describe("class.yaml and the files of its module") }),
  output: ResourceClass,
  cli: { positional: ["folder"], folder: "folder" },
});

export const deleteResourceClass = defineOperation({
  name: "paths.resource-class.delete",
  summary: "Take a saved class away; a shipped one of the same name counts again. What was made of it stays.",
  scope: "paths:admin",
  risk: "high",
  http: { method: "DELETE", path: "/api/v1/resource-classes/{type}/{class}" },
  input: z.object({ type: ResourceType, class: ClassName }),
  output: z.object({ deleted: z.boolean() }),
});

export const operations = [listResourceClasses, showResourceClass, saveResourceClass, deleteResourceClass] as const;
