/** The name of a loop's variable, the variable of the code that holds it, and its scope, for the nodes that are asked below. */
interface Loop {
  readonly name: string;
  readonly item: string;
  readonly scope: string;
}

/** Where the code of one expression is written: statements in their order, and names that nothing else has. */
export interface Writer {
  readonly nodes: unknown[];
  /** A name for what the statements hold from now on. */
  name(prefix?: string): string;
  /** The constant under which the code knows a node. */
  node(node: unknown): string;
  line(text: string): void;
  /** Computes it there, and gives the name that holds it. */
  hold(expression: string): string;
  /** The scope in which a node is asked: the outer one, or the innermost loop's. */
  context(): string;
  /** The variable of the code that holds this name; undefined for a variable of the expression itself. */
  loopVariable(name: string): string | undefined;
  within<T>(loop: Loop, write: () => T): T;
  /** A variable of the expression, read once. */
  root(name: string): string;
  constants(): string;
  text(): string;
}

export function createWriter(): Writer {
  const nodes: unknown[] = [];
  const known = new Map<unknown, string>();
  const roots = new Map<string, string>();
  const lines: string[] = [];
  const loops: Loop[] = [];
  let names = 0;
  const name = (prefix = "t"): string => `${prefix}${++names}`;

  return {
    nodes,
    name,
    node(node) {
      const before = known.get(node);
      if (before !== undefined) return before;
      const constant = `n${nodes.push(node) - 1}`;
      known.set(node, constant);
      return constant;
    },
    line: (text) => void lines.push(text),
    hold(expression) {
      const variable = name();
      lines.push(`const ${variable} = ${expression};`);
      return variable;
    },
    context: () => loops.reduce((outer, { scope, item }) => `H.enter(${scope}, ${outer}, ${item}, ev)`, "new H.Context(values)"),
    loopVariable: (wanted) => loops.findLast((loop) => loop.name === wanted)?.item,
    within(loop, write) {
      loops.push(loop);
      try {
        return write();
      } finally {
        loops.pop();
      }
    },
    root(wanted) {
      const variable = roots.get(wanted) ?? `r${roots.size}`;
      roots.set(wanted, variable);
      return variable;
    },
    constants: () => nodes.map((_, i) => `const n${i} = N[${i}];`).join(" "),
    text: () => [...[...roots].map(([wanted, variable]) => `const ${variable} = values[${JSON.stringify(wanted)}];`), ...lines].join("\n"),
  };
}
