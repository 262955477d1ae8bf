import type { Json } from "@roadbed/contracts/api-document/schema";

import { asyncOperationsOf, type AsyncOperation } from "../async-api.ts";
import type { Report } from "./change.ts";
import { compareSchemas } from "./compare-schemas.ts";

/** Compares two AsyncAPI documents channel by channel, each direction on its own. */
export function diffAsyncApi(before: Json, after: Json, report: Report): void {
  const [old, now] = [byPlace(before), byPlace(after)];
  for (const [at, operation] of old) {
    const other = now.get(at);
    if (other) diffMessages([before, after], at, operation, other, report);
    else report.add("breaking", at, "is gone");
  }
  for (const at of now.keys()) if (!old.has(at)) report.add("safe", at, "is new");
}

function byPlace(root: Json): Map<string, AsyncOperation> {
  return new Map(asyncOperationsOf(root).map((operation) => [`${operation.act.toUpperCase()} ${operation.channel}`, operation]));
}

function diffMessages(roots: readonly [Json, Json], at: string, old: AsyncOperation, now: AsyncOperation, report: Report): void {
  const direction = now.act === "send" ? "in" : "out";
  const onlyOne = old.messages.size === 1 && now.messages.size === 1;
  for (const [name, message] of old.messages) {
    // One message on both sides is the same one, whatever it is called.
    const other = onlyOne ? [...now.messages.values()][0] : now.messages.get(name);
    if (!other) report.add(direction === "in" ? "breaking" : "risky", at, `the message ${name} is gone`);
    else compareSchemas(message["payload"], other["payload"], onlyOne ? "" : name, { roots, direction, at, report });
  }
  if (onlyOne) return;
  for (const name of now.messages.keys()) {
    if (!old.messages.has(name)) report.add(direction === "in" ? "safe" : "risky", at, `the message ${name} is new`);
  }
}
