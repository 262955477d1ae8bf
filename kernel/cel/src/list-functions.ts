import { createEnvironment } from "./environment.ts";

/** A function as one writes it: `receiver.name(…)` where it has a receiver. */
export interface FunctionInfo {
  readonly name: string;
  /** The type that it is called on, short of what is in it: `list`, `string`, `optional`; absent for one that is called alone. */
  readonly receiver?: string;
  /** `startsWith(string): bool`. */
  readonly signature: string;
  readonly parameters: number;
}

let listed: readonly FunctionInfo[] | undefined;

/** Every function and macro of the language, ours included, each overload once. */
export function listFunctions(): readonly FunctionInfo[] {
  return (listed ??= createEnvironment({}).getDefinitions().functions.flatMap(infoOf));
}

/** What is written with a name of its own: which name, and what is said of it. */
const LOOPS: Record<string, readonly string[]> = {
  all: ["item", "condition"],
  exists: ["item", "condition"],
  exists_one: ["item", "condition"],
  filter: ["item", "condition"],
  map: ["item", "value"],
  sortBy: ["item", "key"],
  optMap: ["value", "expression"],
  optFlatMap: ["value", "expression"],
};

type Definition = ReturnType<ReturnType<typeof createEnvironment>["getDefinitions"]>["functions"][number];

function infoOf({ name, receiverType, returnType, params }: Definition): FunctionInfo[] {
  // How types are called is no function that a policy asks.
  if (name === "type" || name === "dyn" || receiverType === "CelNamespace") return [];
  const receiver = receiverType?.replace(/<.*$/, "");
  const loop = LOOPS[name];
  const named = loop?.length === params.length ? loop : params.map(({ type }) => (type === "ast" ? "expression" : type));
  return [
    {
      name,
      ...(receiver === undefined || receiver === null ? {} : { receiver: NAMESPACES[receiver] ?? receiver }),
      signature: `${name}(${named.join(", ")}): ${returnType}`,
      parameters: params.length,
    },
  ];
}

/** How what holds functions is written. */
const NAMESPACES: Record<string, string> = {
  OptionalNamespace: "optional.",
  SetsNamespace: "sets.",
  IpNamespace: "ip.",
  FormatNamespace: "format.",
  ListsNamespace: "lists.",
};
