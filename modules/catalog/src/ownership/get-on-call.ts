import type { Entity } from "@roadbed/contracts/catalog";
import { ON_CALL_PROPERTY, onCallAt, readOnCall, type OnCall } from "@roadbed/contracts/catalog/on-call";
import { getOnCall } from "@roadbed/contracts/catalog/ownership";
import { handle, type Handler } from "@roadbed/core";

import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";
import { readFact, requireEntity } from "../facts/fact-access.ts";
import { candidatesFor, type Candidate } from "./rotas.ts";
import { titleOf } from "./words.ts";

/** Who is called for a thing: by its own rota, else by that of its owner, of its system, of whoever owns the system, of its domain, or of whoever owns that. */
export function makeGetOnCall(catalogue: Catalogue): Handler {
  const { estate } = catalogue;
  return handle(getOnCall, async (ctx, { ref }) => {
    const visible = await requireEntity(catalogue, ctx, ref);
    const candidates = candidatesFor(estate, ref, visible);
    const documents = await catalogue.readDocuments(
      ctx.sql,
      candidates.map((one) => one.ref),
    );
    const rotas = candidates.flatMap((candidate) => {
      const shifts = readOnCall((documents.get(candidate.ref) as Entity | undefined)?.spec?.["onCall"]);
      return shifts.length === 0 ? [] : [{ candidate, shifts, now: onCallAt(shifts, ctx.now()) }];
    });
    // A rota of which nobody is on duty now says less than one of which somebody is.
    const found = rotas.find(({ now }) => now.length > 0) ?? rotas[0];
    if (!found) {
      return {
        ref,
        now: [],
        said: `Nobody is named for ${titleOf(estate, ref)}, its owner, its system or its domain. Connect PagerDuty or Opsgenie, or set ${ON_CALL_PROPERTY} by hand.`,
      };
    }
    const { candidate, shifts, now } = found;
    const fact = await readFact(catalogue, ctx, visible, candidate.ref, ON_CALL_PROPERTY);
    const next = nextOf(shifts, ctx.now());
    const source = now[0]?.source ?? fact.winner?.source;
    return {
      ref,
      now: now.map((shift) => ({ ...shift, ...personOf(shift, visible) })),
      from: { ...candidate, title: titleOf(estate, candidate.ref) },
      ...(next === undefined ? {} : { next }),
      ...(source === undefined ? {} : { source }),
      ...(fact.observedAt === undefined ? {} : { observedAt: fact.observedAt }),
      ...(fact.value === undefined ? {} : { trust: fact.trust }),
      said: sayOnCall(now, candidate, ref, visible),
    };
  });

  /** The user of the catalogue, by reference or by the address of their mail. */
  function personOf({ person, mail, name }: OnCall, visible: Visibility): { person?: string; title?: string } {
    const byMail = mail === undefined ? undefined : estate.select([{ key: "spec.profile.email", values: [mail.toLowerCase()] }])[0];
    const id = (person === undefined ? undefined : estate.idOf(person.toLowerCase())) ?? byMail;
    const item = id !== undefined && visible.sees(id) ? estate.at(id) : undefined;
    return item?.kind === "User" ? { person: item.ref, title: item.title ?? name } : {};
  }

  function sayOnCall(now: readonly OnCall[], { ref: whose, because }: Candidate, ref: string, visible: Visibility): string {
    const what = {
      own: "",
      owner: ", its owner,",
      system: ", its system,",
      "owner-of-system": ", who own its system,",
      domain: ", its domain,",
      "owner-of-domain": ", who own its domain,",
    }[because];
    const rota = because === "own" ? `${titleOf(estate, ref)} itself` : `${titleOf(estate, whose)}${what}`;
    const [first] = now;
    if (!first) return `Nobody is on call now, by the rota of ${rota.replace(/,$/, "")}.`;
    const until = first.until === undefined ? "" : ` until ${new Date(first.until).toISOString().slice(0, 16).replace("T", " ")} UTC`;
    const others = now.slice(1).filter(({ source, level }) => level === first.level && source !== first.source);
    const also = others.map((one) => `${personOf(one, visible).title ?? one.name} by ${one.source ?? "what a person wrote"}`).join(", ");
    const said = `${personOf(first, visible).title ?? first.name} is on call${until}, by the rota of ${rota.replace(/,$/, "")}`;
    return also === "" ? `${said}.` : `${said} in ${first.source ?? "what a person wrote"}; ${also}.`;
  }
}

function nextOf(shifts: readonly OnCall[], now: Date): OnCall | undefined {
  return shifts
    .filter(({ since }) => since !== undefined && Date.parse(since) > now.getTime())
    .sort((a, b) => Date.parse(a.since!) - Date.parse(b.since!))[0];
}
