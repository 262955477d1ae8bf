import { InvalidError } from "@roadbed/core";

import type { Document } from "../descriptor/document.ts";
import { parseYaml } from "../descriptor/parse-yaml.ts";
import type { Fault } from "../entity/fault.ts";
import { isRecord } from "../entity/validate-spec.ts";

/** What somebody gave as a kind, with a way to say where in their text something stands. */
export interface GivenKind {
  readonly document: Record<string, unknown>;
  readonly lineOf: (path: Fault["path"]) => number | undefined;
}

/** Reads the one of both that was given. Throws `InvalidError` where it is no document at all. */
export function givenKind({
  kind,
  yaml,
}: {
  readonly kind?: Record<string, unknown> | undefined;
  readonly yaml?: string | undefined;
}): GivenKind {
  if ((kind === undefined) === (yaml === undefined)) {
    throw new InvalidError("Give either kind or yaml.", { problems: [{ at: "kind", reason: "give either kind or yaml" }] });
  }
  if (kind !== undefined) return { document: kind, lineOf: () => undefined };
  const [parsed, ...more] = [...parseYaml(yaml!)];
  if (parsed && "unreadable" in parsed) {
    const { line, reason, mend } = parsed.unreadable;
    throw new InvalidError(`Line ${line}: ${reason}`, {
      problems: [{ at: `line ${line}`, reason }],
      ...(mend === undefined ? {} : { mend }),
    });
  }
  if (!parsed || more.length > 0 || !isRecord(parsed.document.value)) {
    throw new InvalidError("One document is needed.", {
      problems: [{ at: "yaml", reason: "must hold one document" }],
      mend: "Save one kind at a time.",
    });
  }
  const document: Document = parsed.document;
  return { document: document.value as Record<string, unknown>, lineOf: (path) => document.lineOf(path) };
}
