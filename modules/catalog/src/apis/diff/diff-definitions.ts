import { InvalidError } from "@roadbed/core";

import { formatOf, parseDefinition, readApi, type ApiFormat } from "../read-api.ts";
import { createReport, sorted, type ApiChange, type Report } from "./change.ts";
import { diffAsyncApi } from "./diff-async-api.ts";
import { diffGraphQl } from "./diff-graphql.ts";
import { diffOpenApi } from "./diff-open-api.ts";
import { diffProto } from "./diff-proto.ts";

/** What changes for those who call, worst first. Throws `InvalidError` when one of the definitions cannot be read. */
export function diffDefinitions(before: string, after: string): ApiChange[] {
  const { format } = readApi(after);
  if (formatOf(before) !== format) {
    throw new InvalidError(`One definition is ${formatOf(before) ?? "of no known format"}, the other ${format}.`, {
      mend: "Compare two versions of the same format.",
      problems: [{ at: "definition", reason: "is of another format" }],
    });
  }
  readApi(before);
  const report = createReport();
  DIFFS[format](before, after, report);
  return sorted(report.changes);
}

const DIFFS: Readonly<Record<ApiFormat, (before: string, after: string, report: Report) => void>> = {
  openapi: (before, after, report) => diffOpenApi(parseDefinition(before), parseDefinition(after), report),
  asyncapi: (before, after, report) => diffAsyncApi(parseDefinition(before), parseDefinition(after), report),
  graphql: diffGraphQl,
  grpc: diffProto,
};
