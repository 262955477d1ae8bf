import { listProblemsOf } from "./look-ups.ts";
import { optional, pages, type Look } from "./look.ts";

/** What a source describes, and was refused. */
export const problems: Look = {
  nothing: { looked: "what sources refused", outcome: "nothing", detail: "no problem names it" },
  look: async (ctx, { visible }, ref, steps) => {
    const found = (await listProblemsOf(ctx.sql, { ref })).filter(({ sourceId }) => visible.seesSource(sourceId));
    const [first] = found;
    if (!first) return undefined;
    for (const { sourceId, sourceName, file, line, at, reason } of found) {
      const detail = `${at === "" ? "" : `${at}: `}${reason}`;
      const where = { sourceId, file, link: pages.source(sourceId), ...optional("line", line) };
      steps.push({ looked: `the source "${sourceName}"`, outcome: "stopped", detail, ...where });
    }
    const where = `${first.file}${first.line === null ? "" : `, line ${first.line}`}`;
    const isConflict = first.reason.includes("belongs to the source");
    return {
      verdict: isConflict ? "conflict" : "refused",
      says: isConflict
        ? `Another has the name: ${first.reason}.`
        : `"${first.sourceName}" describes it in ${where}, but it was refused: ${first.at} ${first.reason}.`,
      steps,
      ...optional("mend", first.mend),
      link: pages.source(first.sourceId),
      refs: [],
    };
  },
};
