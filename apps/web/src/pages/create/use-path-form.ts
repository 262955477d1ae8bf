import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { checkValues, type PathDetail } from "@roadbed/contracts/paths";
import { client } from "../../api/client.ts";
import type { FieldProblem, FormState } from "../../schema-form/form-state.ts";
import { fieldsOf, pruned, withDefaults, type Values } from "../../schema-form/schema.ts";

/** The answers of one path's form, checked by the server while one types, and kept over a reload. */
export interface PathForm {
  readonly state: FormState;
  /** What would be sent: only answers to questions that apply. */
  readonly sendable: Values;
  /** Tokens that were typed for hosts; kept nowhere. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly checking: boolean;
  /** Pages with a problem in a field one has been in. */
  readonly faultyPages: ReadonlySet<number>;
  readonly pageOfField: (field: string) => number;
  readonly touchPage: (index: number) => void;
  /** Asks the server at once. */
  readonly checkNow: () => Promise<readonly FieldProblem[]>;
  readonly forget: () => void;
}

const CHECK_AFTER_MS = 300;

/** `bound`: answers that are given already, whatever was typed before. */
export function usePathForm(detail: PathDetail, bound: Values = {}): PathForm {
  const schemas = useMemo(() => detail.pages.map(({ schema }) => schema), [detail]);
  const fill = useCallback((values: Values): Values => schemas.reduce((filled, schema) => withDefaults(schema, filled), values), [schemas]);
  const key = `roadbed.path.${detail.name}`;
  const [values, setValues] = useState<Values>(() => fill({ ...recall(key), ...bound }));
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [problems, setProblems] = useState<readonly FieldProblem[]>([]);
  const [checking, setChecking] = useState(false);
  const [secrets, setSecrets] = useState<Readonly<Record<string, string>>>({});
  const question = useRef(0);
  const sendable = useMemo(() => pruned(schemas, values), [schemas, values]);

  const checkNow = useCallback(async (): Promise<readonly FieldProblem[]> => {
    const asked = ++question.current;
    setChecking(true);
    try {
      const answer = await client.call(checkValues, { path: detail.name, values: { ...sendable } });
      if (asked === question.current) setProblems(answer.problems);
      return answer.problems;
    } catch {
      // The preview checks everything again; a check that cannot be made must not lock the form.
      return [];
    } finally {
      if (asked === question.current) setChecking(false);
    }
  }, [detail.name, sendable]);

  useEffect(() => {
    const timer = setTimeout(() => void checkNow(), CHECK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [checkNow]);
  useEffect(() => remember(key, values, secretsOf(detail, values)), [key, values, detail]);

  const pageOfField = useCallback(
    (field: string) => {
      const root = field.split(".")[0] ?? "";
      return schemas.findIndex((schema) => fieldsOf(schema, values).some(({ name }) => name === root));
    },
    [schemas, values],
  );
  return {
    state: {
      values,
      problems,
      touched,
      onChange: (next) => {
        const changed = Object.keys(next).filter((name) => next[name] !== values[name]);
        setTouched((old) => new Set([...old, ...changed.flatMap((name) => touchedBy(name, next[name]))]));
        setValues(fill(next));
      },
      secrets,
      onSecret: (name, value) =>
        setSecrets((old) =>
          Object.fromEntries([...Object.entries(old).filter(([key]) => key !== name), ...(value === "" ? [] : [[name, value]])]),
        ),
      onTouch: (path) => setTouched((old) => (old.has(path) ? old : new Set([...old, path]))),
    },
    sendable,
    secrets,
    checking,
    faultyPages: new Set(problems.filter(({ field }) => touched.has(field)).map(({ field }) => pageOfField(field))),
    pageOfField,
    touchPage: (index) => {
      const schema = schemas[index];
      if (schema === undefined) return;
      const paths = fieldsOf(schema, values).flatMap(({ name, schema: field }) => [
        name,
        ...fieldsOf(field, (values[name] ?? {}) as Values, name).map(({ path }) => path),
      ]);
      setTouched((old) => new Set([...old, ...paths]));
    },
    checkNow,
    forget: () => {
      sessionStorage.removeItem(key);
      setTouched(new Set());
      setValues(fill({ ...bound }));
    },
  };
}

/** The next form of this path begins with these answers; what was hidden is asked again. */
export function beginWith(path: string, values: Values): void {
  remember(
    `roadbed.path.${path}`,
    values,
    Object.keys(values).filter((name) => values[name] === "***"),
  );
}

function touchedBy(name: string, value: unknown): readonly string[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? [] : [name];
}

function recall(key: string): Values {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Values) : {};
  } catch {
    return {};
  }
}

function remember(key: string, values: Values, secrets: readonly string[]): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(Object.entries(values).filter(([name]) => !secrets.includes(name)))));
  } catch {
    // Storage may be full or switched off: then a reload loses the answers, and nothing else.
  }
}

/** Secrets are typed again after a reload: they are kept nowhere. */
function secretsOf(detail: PathDetail, values: Values): readonly string[] {
  return detail.pages.flatMap(({ schema }) =>
    fieldsOf(schema, values)
      .filter(({ schema: field }) => field["ui:widget"] === "password" || field["ui:field"] === "Secret")
      .map(({ name }) => name),
  );
}
