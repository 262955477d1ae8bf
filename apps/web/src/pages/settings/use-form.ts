import { DomainError, type InputOf, type Operation, type OutputOf } from "@roadbed/core";
import { useState, type FormEvent } from "react";

import { useAct } from "../../api/use-operation.ts";
import { checkInput, problemsOfError } from "./field-problems.ts";

export interface Form<V> {
  readonly values: V;
  readonly set: (patch: Partial<V>) => void;
  /** What to write beside a field: only of fields that were touched or sent. */
  readonly error: (field: keyof V & string) => string | undefined;
  /** For `onBlur`. */
  readonly touch: (field: keyof V & string) => () => void;
  /** True when the values would be accepted as far as one can tell here. */
  readonly fits: boolean;
  readonly sending: boolean;
  /** What went wrong that is about no field shown. */
  readonly fault: Error | null;
  readonly submit: (event: FormEvent) => void;
  readonly reset: () => void;
}

/**
 * A form over an operation: checked while one types by the operation's own contract, and by the server when sent.
 * `toInput` makes the operation's input of the values; fields have the input's names.
 */
export function useForm<O extends Operation, V extends object>(
  operation: O,
  initial: V,
  options: {
    readonly toInput?: (values: V) => InputOf<O>;
    readonly onDone?: (output: OutputOf<O>) => void;
    readonly touches?: readonly string[];
  } = {},
): Form<V> {
  const [values, setValues] = useState(initial);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const { toInput = (given: V) => withoutEmpty(given) as InputOf<O> } = options;
  const act = useAct(operation, {
    ...(options.onDone !== undefined && { onDone: options.onDone }),
    ...(options.touches !== undefined && { touches: options.touches }),
  });
  const here = checkInput(operation, toInput(values));
  const there = problemsOfError(act.error);
  const shown = Object.keys(there).some((field) => field in values);
  return {
    values,
    set: (patch) => {
      setValues((old) => ({ ...old, ...patch }));
      // The first letters of a text are no mistake yet.
      const told = Object.keys(patch).filter(
        (field) => typeof patch[field as keyof V] !== "string" || String(patch[field as keyof V]).length > 2,
      );
      setTouched((old) => new Set([...old, ...told]));
      if (act.error !== null) act.reset();
    },
    error: (field) => there[field] ?? (touched.has(field) ? here[field] : undefined),
    touch: (field) => () => setTouched((old) => (values[field] === "" ? old : new Set([...old, field]))),
    fits: Object.keys(here).length === 0,
    sending: act.isPending,
    fault: act.error !== null && !(act.error instanceof DomainError && shown) ? act.error : null,
    submit: (event) => {
      event.preventDefault();
      setTouched(new Set(Object.keys(values)));
      if (Object.keys(here).length === 0 && !act.isPending) act.mutate(toInput(values));
    },
    reset: () => {
      setValues(initial);
      setTouched(new Set());
      act.reset();
    },
  };
}

/** An empty text is a field not given. */
function withoutEmpty<V extends object>(values: V): Partial<V> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== undefined)) as Partial<V>;
}
