import { sourceSynced } from "@roadbed/contracts/catalog";
import { factConfirmed } from "@roadbed/contracts/catalog/facts";
import { propertiesChanged, propertyChanged } from "@roadbed/contracts/catalog/kinds";
import { deploymentFinished, repositoryPushed, workloadChanged } from "@roadbed/contracts/delivery";
import { waiverChanged } from "@roadbed/contracts/standards/waivers";
import { scoresDue } from "@roadbed/contracts/standards/scores";
import { sloChanged, sloJudged } from "@roadbed/contracts/telemetry/slos";
import type { DomainEvent, Sql, Subscription } from "@roadbed/core";

import { lookAnew } from "./definition-store.ts";
import { findWaivable, ruleOfWaiver } from "./exempt.ts";
import type { Things } from "./things.ts";

/** Hears of what rules see and the catalogue's own changes do not tell: it is put down, to be looked at. */
export function makeNoteDue(things: Pick<Things, "refsOfSource">): Subscription {
  return {
    name: "standards.note-due",
    events: [
      propertyChanged.name,
      propertiesChanged.name,
      factConfirmed.name,
      sourceSynced.name,
      workloadChanged.name,
      deploymentFinished.name,
      repositoryPushed.name,
      waiverChanged.name,
      sloChanged.name,
      sloJudged.name,
    ],
    receive: async ({ sql, emit }, event) => {
      // Too many to be told one by one.
      const waived = event.name === waiverChanged.name ? waiverChanged.payload.parse(event.payload) : undefined;
      // Most policies are no rules: their waivers change no score.
      if (waived !== undefined && (await findWaivable(sql, ruleOfWaiver(waived.policy))) === undefined) return;
      // A waiver that is for a team or a namespace is about much.
      const isMany = event.name === propertiesChanged.name || (waived !== undefined && waived.entity === undefined);
      const refs = isMany ? [] : await refsOf(event);
      if (isMany) await lookAnew(sql, "time");
      else if (refs.length === 0) return;
      else await noteDue(sql, refs, "entity");
      emit(scoresDue, "scorecards", { things: refs.length });
    },
  };

  async function refsOf(event: DomainEvent): Promise<readonly string[]> {
    if (event.name === waiverChanged.name) {
      const { entity } = waiverChanged.payload.parse(event.payload);
      return entity === undefined ? [] : [entity];
    }
    if (event.name === propertyChanged.name) return [propertyChanged.payload.parse(event.payload).ref];
    if (event.name === factConfirmed.name) return [factConfirmed.payload.parse(event.payload).ref];
    if (event.name === sourceSynced.name) return things.refsOfSource(sourceSynced.payload.parse(event.payload).sourceId);
    if (event.name === workloadChanged.name) return [workloadChanged.payload.parse(event.payload).entityRef];
    if (event.name === sloChanged.name) return [sloChanged.payload.parse(event.payload).entityRef];
    if (event.name === sloJudged.name) return [sloJudged.payload.parse(event.payload).entityRef];
    if (event.name === deploymentFinished.name) return [deploymentFinished.payload.parse(event.payload).entityRef];
    return [];
  }
}

/** Has these looked at again. */
export async function noteDue(sql: Sql, refs: readonly string[], cause: "entity" | "time"): Promise<void> {
  await sql.query("insert into standards.scorecard_due (ref, cause) select unnest($1::text[]), $2 on conflict (ref) do nothing", [
    refs,
    cause,
  ]);
}
