import type { DeliveryRecord } from "@roadbed/contracts/product";

import { seededRandom } from "./load.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Changes are begun up to so long before they are out. */
const LONGEST_DAYS = 21;
/** From here on the estate's incidents are declared as they happen. */
const DECLARED_MS = 14 * DAY;

/** A record with the instant from which it is known. */
interface Placed {
  readonly at: number;
  readonly record: DeliveryRecord;
}

/** What becomes known in [from, to), the oldest first: the same for the same services, whenever it is asked for. */
export function deliveriesBetween(o: {
  readonly services: readonly string[];
  readonly origin: number;
  readonly from: number;
  readonly to: number;
}): DeliveryRecord[] {
  return o.services
    .flatMap((service) => {
      const days = Math.ceil((o.to - o.from) / DAY) + LONGEST_DAYS + 1;
      const first = Math.floor(o.from / DAY);
      return Array.from({ length: days }, (_, at) => dayOf(service, first + at, o.origin)).flat();
    })
    .filter(({ at }) => at >= o.from && at < o.to)
    .sort((a, b) => a.at - b.at)
    .map(({ record }) => record);
}

/** What a team does with one service on one day; at weekends nothing is deployed. */
function dayOf(service: string, day: number, origin: number): Placed[] {
  const weekday = (day + 4) % 7;
  if (weekday === 0 || weekday === 6) return [];
  const temper = seededRandom(hash(service));
  const [perDay, slowness, care] = [0.06 + 0.55 * temper() ** 2, 4 + 60 * temper(), 0.03 + 0.12 * temper()];
  const random = seededRandom(hash(`${service} ${day}`));
  if (random() > perDay) return [];
  const key = `${service}-${day}`;
  const entityRef = `component:default/${service}`;
  const finished = day * DAY + (8 + 9 * random()) * HOUR;
  const rework = random() < care;
  const changes = Array.from({ length: 1 + Math.floor(2.5 * random()) }, (_, at) =>
    changeOf(`${key}-${at}`, entityRef, finished, slowness, random),
  );
  const failed = random() < 0.04;
  const deployment: Placed = {
    at: finished,
    record: {
      kind: "deployment",
      key,
      entityRef,
      environment: "prod",
      commit: `${key}-0`,
      carries: changes.map(({ record }) => record.key),
      startedAt: iso(finished - 4 * 60_000),
      finishedAt: iso(finished),
      result: failed ? "failure" : "success",
      rework,
    },
  };
  // What did not come up is tried again within the hour, with the same changes.
  const again: Placed = {
    at: finished + 45 * 60_000,
    record: {
      ...deployment.record,
      key: `${key}-again`,
      startedAt: iso(finished + 41 * 60_000),
      finishedAt: iso(finished + 45 * 60_000),
      result: "success",
    } as DeliveryRecord,
  };
  const broken = !failed && random() < care && finished < origin - DECLARED_MS;
  return [...changes, deployment, ...(failed ? [again] : []), ...(broken ? incidentOf(key, entityRef, finished, random) : [])];
}

function changeOf(key: string, entityRef: string, out: number, slowness: number, random: () => number): Placed {
  // Most take about as long as the team takes, some ten times that.
  const took = Math.min((LONGEST_DAYS - 1) * DAY, slowness * HOUR * Math.exp(1.1 * normal(random)));
  const [begun, merged] = [out - took, out - Math.min(took * 0.4, (0.2 + 3 * random()) * HOUR)];
  const opened = begun + (merged - begun) * (0.2 + 0.4 * random());
  return {
    at: merged,
    record: {
      kind: "change",
      key,
      entityRef,
      commit: key,
      firstCommitAt: iso(begun),
      openedAt: iso(opened),
      firstReviewAt: iso(opened + (merged - opened) * random()),
      mergedAt: iso(merged),
      bot: random() < 0.12,
    },
  };
}

function incidentOf(key: string, entityRef: string, deployed: number, random: () => number): Placed[] {
  const opened = deployed + (5 + 85 * random()) * 60_000;
  const resolved = opened + 50 * 60_000 * Math.exp(0.9 * normal(random));
  const record: DeliveryRecord = {
    kind: "incident",
    key: `${key}-incident`,
    entityRef,
    title: "Answers slower since the deployment",
    openedAt: iso(opened),
    resolvedAt: iso(resolved),
  };
  return [{ at: resolved, record }];
}

/** A standard normal number, by Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (const letter of text) sum = Math.imul(sum ^ letter.charCodeAt(0), 0x01000193);
  return sum >>> 0;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
