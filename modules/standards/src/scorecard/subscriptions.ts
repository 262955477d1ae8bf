import { sourceSynced } from "@roadbed/contracts/catalog";
import { factConfirmed } from "@roadbed/contracts/catalog/facts";
import { propertiesChanged, propertyChanged } from "@roadbed/contracts/catalog/kinds";
import { deploymentFinished, repositoryPushed, workloadChanged } from "@roadbed/contracts/delivery";
import { waiverChanged } from "@roadbed/contracts/standards/waivers";
import { scoresDue } from "@roadbed/contracts/standards/scores";
import type { DomainEvent, Sql, Subscription } from "@roadbed/core";

import { lookAnew } from "./definition-store.ts";
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
    ],
    receive: async ({ sql, emit }, event) => {
      // Too many to be told one by one.
      const isMany = event.name === propertiesChanged.name || isWide(event);
      const refs = isMany ? [] : await refsOf(event);
      if (isMany) await lookAnew(sql, "time");
      else if (refs.length === 0) return;
      else await noteDue(sql, refs, "entity");
      emit(scoresDue, "scorecards", { things: refs.length });
    },
  };

  async function refsOf(event: DomainEvent): Promise<readonly string[]> {
    if (event.name === waiverChanged.name) {
      const { policy, entity } = waiverChanged.payload.parse(event.payload);
      return entity !== undefined && policy.includes("/") ? [entity] : [];
    }
    if (event.name === propertyChanged.name) return [propertyChanged.payload.parse(event.payload).ref];
    if (event.name === factConfirmed.name) return [factConfirmed.payload.parse(event.payload).ref];
    if (event.name === sourceSynced.name) return things.refsOfSource(sourceSynced.payload.parse(event.payload).sourceId);
    if (event.name === workloadChanged.name) return [workloadChanged.payload.parse(event.payload).entityRef];
    if (event.name === deploymentFinished.name) return [deploymentFinished.payload.parse(event.payload).entityRef];
    return [];
  }
}

/** A waiver of a rule that is for a team or a namespace is about much. */
function isWide(event: DomainEvent): boolean {
  if (event.name !== waiverChanged.name) return false;
  const { policy, entity } = waiverChanged.payload.parse(event.payload);
  return entity === undefined && policy.includes("/");
}

/** Has these looked at again. */
export async function noteDue(sql: Sql, refs: readonly string[], cause: "entity" | "time"): Promise<void> {
  await sql.query("insert into standards.scorecard_due (ref, cause) select unnest($1::text[]), $2 on conflict (ref) do nothing", [
    refs,
    cause,
  ]);
}
