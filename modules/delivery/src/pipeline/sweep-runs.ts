import { rm } from "node:fs/promises";
import type { Flow } from "@roadbed/workflows";

import type { DeliveryDeps } from "../deps.ts";
import { foldersOf } from "./pipeline-folders.ts";

/** Of each repository logs and artefacts are kept of the newest runs, and for a time; what is known of a run stays. */
export const KEPT = { runs: 100, days: 90 };
const AT_ONCE = 200;

/** Removes the files of old runs. Doing it twice is doing it once. */
export function defineSweep(deps: DeliveryDeps): Flow<Date, void> {
  return deps.workflows.define<Date, void>("delivery.sweep-pipelines", async (c) => {
    await c.step("sweep", () => sweepRuns(deps));
  });
}

/** Artefacts of a commit that is a release stay, as long as the run does. */
export async function sweepRuns(deps: Pick<DeliveryDeps, "db" | "dataDir">, kept = KEPT): Promise<number> {
  const { rows } = await deps.db.query<{ id: string; repository: string }>(
    `select id, repository from (
       select id, repository, commit, ended_at, row_number() over (partition by repository order by id desc) as place
       from delivery.pipeline_run where host = 'roadbed' and ended_at is not null and swept_at is null) s
     where (place > $1 or ended_at < now() - make_interval(days => $2))
       and not exists (select 1 from delivery.release r where r.repository = s.repository and r.commit = s.commit)
     order by id limit $3`,
    [kept.runs, kept.days, AT_ONCE],
  );
  for (const { id, repository } of rows) {
    const { work, log, artefacts } = foldersOf(deps.dataDir, repository, id);
    await Promise.all([work, log, artefacts].map((folder) => rm(folder, { recursive: true, force: true })));
    await deps.db.query("update delivery.pipeline_run set swept_at = now() where id = $1", [id]);
  }
  return rows.length;
}
