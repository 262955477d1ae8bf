import { weightOf } from "../quicken.ts";
import type { Writer } from "./writer.ts";

type Node = any;
/** Writes any node: a loop is one of them, and has others below it. */
type Write = (writer: Writer, node: Node) => string;

/** `all`, `exists`, `exists_one`, `map`, `filter`: each turn costs as much as its step has parts. */
export function writeLoop(writer: Writer, node: Node, writeNode: Write): string {
  const { args } = node;
  const n = writer.node(node);
  const lenient = args.errorsAreFatal !== true;
  const [items, item, kept] = [writer.name("items"), writer.name("item"), writer.name("kept")];
  const [accu, error, index] = [writer.name("accu"), writer.name("error"), writer.name("i")];
  const over = writeNode(writer, args.iterable);
  writer.line(`const ${items} = Array.isArray(${over}) ? ${over} : H.iterableOf(ev, ${over}, ${n}.args.iterable);`);
  writer.line(`let ${kept} = ${writeNode(writer, args.init)}, ${accu} = ${kept}${lenient ? `, ${error}` : ""};`);
  writer.line(`for (let ${index} = 0; ${index} < ${items}.length; ${index}++) {`);
  if (args.condition) writer.line(`if (!${n}.args.condition(${accu})) ${lenient ? `{ ${error} = undefined; break; }` : "break;"}`);
  writer.line(`H.charge(${Math.max(1, weightOf(args.step))}); const ${item} = ${items}[${index}];`);
  if (lenient) writer.line("try {");
  // The scope refuses what is of another type than was found, or of none at all.
  const usual = `${item} !== undefined && (typeof ${item} !== "object" || ${item} === null || ${item}.constructor === Object || Array.isArray(${item}))`;
  const typed = args.iterCtx.iterType.kind !== "dyn";
  writer.line(`${typed ? "" : `if (!(${usual})) `}${n}.args.iterCtx.setIterValue(${item}, ev);`);
  writer.within({ name: args.iterVarName, item, scope: `${n}.args.iterCtx` }, () => {
    writer.line(`${accu} = ${writeStep(writer, args.step, kept, writeNode)};`);
  });
  if (lenient) writer.line(`} catch (thrown) { if (thrown instanceof H.CostExceeded) throw thrown; ${error} ??= thrown; }`);
  writer.line("}");
  if (lenient) writer.line(`if (${error} !== undefined && ${n}.args.condition(${accu})) throw ${error};`);
  return writer.hold(`${n}.args.result(${accu})`);
}

/** The step that the engine makes of a macro: what is kept from turn to turn stands in a variable of the code. */
function writeStep(writer: Writer, step: Node, kept: string, writeNode: Write): string {
  if (step.meta.alternate || step.meta.macro) return writeNode(writer, step);
  switch (step.op) {
    case "accuValue":
      return kept;
    case "accuInc":
      return `(${kept} += 1)`;
    case "accuPush":
      writer.line(`${kept}.push(${writeNode(writer, step.args)});`);
      return kept;
    case "?:": {
      const result = writer.name();
      const n = writer.node(step);
      const condition = writeNode(writer, step.args[0]);
      writer.line(`let ${result}; if (${condition} === true) {`);
      writer.line(`${result} = ${writeStep(writer, step.args[1], kept, writeNode)};`);
      writer.line(`} else if (${condition} === false) {`);
      writer.line(`${result} = ${writeStep(writer, step.args[2], kept, writeNode)};`);
      writer.line(`} else ${result} = ${n}.handle(${condition}, ev, ${n}, undefined);`);
      return result;
    }
    default:
      return writeNode(writer, step);
  }
}
