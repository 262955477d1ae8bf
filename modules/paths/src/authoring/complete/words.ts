import type { Completion } from "@roadbed/contracts/standards/writing";

type Words = Readonly<Record<string, string>>;

/** Turns a table of words into what is offered. */
export function offer(words: Words, kind: Completion["kind"], after = ""): Completion[] {
  return Object.entries(words).map(([label, info]) => ({ label, kind, info, ...(after === "" ? {} : { apply: `${label}${after}` }) }));
}

/** Keys of a template, by where they stand: `*` for any item. */
export const KEYS: Readonly<Record<string, Words>> = {
  "": {
    apiVersion: "scaffolder.backstage.io/v1beta3, or roadbed.dev/v1 for a GoldenPath",
    kind: "Template or GoldenPath",
    metadata: "Its name",
    spec: "Form, steps, output",
  },
  metadata: {
    name: "How it is called, in lower case with dashes",
    title: "As people read it",
    description: "What it makes, in one sentence",
    tags: "Words to find it by",
    annotations: "What other tools say of it",
  },
  spec: {
    type: "What it makes, e.g. service",
    owner: "The team that answers for it",
    version: "Semantic version; a new one is proposed to what older ones made",
    operation: "create, day-2 or delete",
    appliesTo: "On which entities a day-2 path is offered",
    managed: "Globs of the files that stay the path's",
    promises: "What it guarantees, support, expected time",
    approvals: "Whom its runs wait for",
    lifetime: "How long what it makes is to be there",
    changelog: "What changed with each version",
    deprecation: "From when on it is not supported any more",
    parameters: "The pages of its form",
    steps: "What is done, in this order",
    output: "What a run gives at its end",
  },
  "spec.promises": { guarantees: "Sentences that hold", support: "Who helps", expectedMinutes: "How long it takes" },
  "spec.appliesTo": { kinds: "Kinds of entities", condition: "CEL over entity", parameter: "The answer that names the entity" },
  "spec.output": { links: "Where to go on", text: "What to read", entityRef: "The entity that it made" },
  "spec.output.links.*": {
    title: "Its words",
    url: "An address",
    entityRef: "An entity in place of an address",
    icon: "A picture",
    if: "Only when",
  },
  "spec.steps.*": {
    id: "How later steps and the output name it",
    name: "As people read it",
    action: "What it does",
    input: "What the action is given",
    if: "Only when this holds; always() and failure() after a failure",
    each: "Once for each item",
    "backstage:permissions": "Tags: who does not see them does not do it",
  },
  "spec.parameters.*": {
    title: "Of the page",
    description: "Above its fields",
    required: "Names of the fields that must be answered",
    properties: "The fields",
    dependencies: "Fields that depend on the answer to another",
    "backstage:permissions": "Tags: who does not see them has not this page",
  },
};

/** Keys of a field of the form. */
export const FIELD: Words = {
  title: "Its label",
  type: "string, number, integer, boolean, array or object",
  description: "Below it",
  default: "When nothing is answered",
  enum: "The answers there are",
  enumNames: "What they are called",
  pattern: "A regular expression that it must match",
  minLength: "",
  maxLength: "",
  minimum: "",
  maximum: "",
  items: "Of an array",
  properties: "Of an object",
  required: "Of an object",
  errorMessage: "Own words for what does not fit",
  "ui:field": "A picker",
  "ui:widget": "How it is drawn",
  "ui:options": "What the picker is told",
  "ui:autofocus": "",
  "ui:help": "Beside it",
  "ui:placeholder": "While it is empty",
  "roadbed:unique": "The name must be free: component, resource, repository",
  "backstage:permissions": "Tags: who does not see them has not this field",
};

/** Values of keys, wherever they stand in a form. */
export const VALUES: Readonly<Record<string, Words>> = {
  "ui:field": {
    EntityPicker: "An entity of the catalogue",
    MultiEntityPicker: "Several entities",
    OwnerPicker: "A group or a user",
    OwnedEntityPicker: "An entity that one's teams own",
    MyGroupsPicker: "One of one's groups",
    EntityNamePicker: "A name for a new entity",
    EntityTagsPicker: "Tags",
    RepoUrlPicker: "Where a repository is to be",
    RepoBranchPicker: "A branch of a repository",
    Secret: "Never shown; read as secrets.NAME",
  },
  "ui:widget": {
    textarea: "Several lines",
    password: "Never shown",
    radio: "All answers at once",
    select: "A list",
    checkboxes: "Several answers",
    hidden: "Not drawn",
  },
  type: { string: "", number: "", integer: "", boolean: "", array: "", object: "" },
  "roadbed:unique": { component: "", resource: "", api: "", system: "", repository: "" },
  operation: { create: "It makes something new", "day-2": "It changes what is there", delete: "It ends what is there" },
  apiVersion: { "scaffolder.backstage.io/v1beta3": "A template as Backstage has it", "roadbed.dev/v1": "A GoldenPath" },
  kind: { Template: "", GoldenPath: "" },
};

/** What every expression can read. */
export const ROOTS: Words = {
  parameters: "The answers",
  steps: "What earlier steps put out",
  secrets: "What was typed into Secret fields, or handed over",
  user: "Who follows the path",
  context: "The run",
  each: "The item of `each`",
};

export const FILTERS: Words = {
  parseRepoUrl: "host, owner and repo of a repository's place",
  parseEntityRef: "kind, namespace and name of a reference",
  pick: "A property by its dotted path: pick('owner')",
  projectSlug: "owner/repo of a repository's place",
  jsonify: "As JSON",
  default: "In place of what is not there: default('x')",
  dump: "As JSON",
  first: "The first item",
  join: "The items with something between them: join(', ')",
  last: "The last item",
  length: "How many",
  lower: "In lower case",
  replace: "One text by another: replace('a', 'b')",
  sort: "In order",
  title: "With capitals",
  trim: "Without space around it",
  upper: "In capitals",
  urlencode: "For an address",
};
