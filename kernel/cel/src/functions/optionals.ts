import { EvaluationError, Optional, type Environment } from "@marcbachmann/cel-js";

/** `optional.optMap(v, expression)` and `optional.optFlatMap(v, expression)`. */
export function registerOptionals(environment: Environment): void {
  environment.registerFunction("optional.optMap(ast, ast): optional<dyn>", macro("optMap", (value) => Optional.of(value)) as never);
  environment.registerFunction("optional.optFlatMap(ast, ast): optional<dyn>", macro("optFlatMap", asOptional) as never);
}

/** The parts that the engine hands to a macro; its types do not name them. */
interface Call {
  readonly receiver: any;
  readonly name: string;
  readonly body: any;
  scope?: any;
}

function macro(functionName: string, wrap: (value: unknown) => unknown) {
  return ({ args, receiver }: { args: any[]; receiver: any }): object => {
    if (args[0].op !== "id") throw new EvaluationError({ code: "invalid_macro_argument", message: `${functionName}() needs a name first` });
    return {
      receiver,
      name: args[0].args as string,
      body: args[1],
      async: false,
      typeCheck(checker: any, call: Call, ctx: any): unknown {
        const type = checker.check(call.receiver, ctx);
        if (type.kind !== "optional" && type.kind !== "dyn") {
          throw checker.createError("optional_expected", `${functionName}() needs an optional, got '${type}'`, call.receiver);
        }
        call.scope = ctx.forkWithVariable(call.name, type.kind === "optional" ? type.valueType : type);
        const inner = checker.check(call.body, call.scope);
        return checker.registry.getOptionalType(inner.kind === "optional" ? inner.valueType : inner);
      },
      evaluate(evaluator: any, call: Call, ctx: any): unknown {
        const value: unknown = evaluator.run(call.receiver, ctx);
        if (!(value instanceof Optional))
          throw evaluator.createError("optional_expected", `${functionName}() needs an optional`, call.receiver);
        if (!value.hasValue()) return Optional.none();
        return wrap(evaluator.run(call.body, call.scope.reuse(ctx).setIterValue(value.value(), evaluator)));
      },
    };
  };
}

function asOptional(value: unknown): unknown {
  if (value instanceof Optional) return value;
  throw new EvaluationError({ code: "optional_expected", message: "optFlatMap() must give an optional" });
}
