/** What one sender's metrics may be told apart by: asked for each point before it is stored. */
export interface LabelGuard {
  /** Why the point cannot be taken: one of its labels has too many values already. Undefined: it can. */
  refuses(metric: string, labels: readonly (readonly [key: string, value: string])[]): string | undefined;
  /** Why nothing of this service can be taken. */
  refusesService(service: string): string | undefined;
}

export interface CappedLabel {
  readonly metric: string;
  readonly label: string;
  readonly example: string;
}

const HOUR_MS = 3_600_000;
/** All labels of a sender together: what is remembered of it is bounded, whatever it sends. */
const MOST_VALUES = 200_000;
const MOST_SERVICES = 1_000;
const KEPT_CHARACTERS = 256;

/**
 * Remembers for an hour which values labels had. A series is taken whole or not at all: putting values of many together would make
 * counters that jump between theirs.
 */
export function createLabelGuard(o: {
  readonly mostValues: () => number;
  readonly now: () => number;
  /** Told for each point that is refused. */
  readonly capped: (label: CappedLabel) => void;
}): LabelGuard {
  let began = o.now();
  let values = 0;
  const known = new Map<string, Set<string>>();
  const services = new Set<string>();

  function forgetAfterAnHour(): void {
    if (o.now() - began < HOUR_MS) return;
    began = o.now();
    values = 0;
    known.clear();
    services.clear();
  }

  return {
    refuses(metric, labels) {
      forgetAfterAnHour();
      const fresh: [seen: Set<string>, value: string][] = [];
      for (const [label, value] of labels) {
        const key = `${metric}\0${label}`;
        const short = value.length > KEPT_CHARACTERS ? value.slice(0, KEPT_CHARACTERS) : value;
        let seen = known.get(key);
        if (seen?.has(short) === true) continue;
        const most = o.mostValues();
        if ((seen?.size ?? 0) >= most) {
          o.capped({ metric, label, example: short.slice(0, 60) });
          return `label ${label} of metric ${metric} has more than ${most} values within an hour; points with further ones are refused`;
        }
        if (values + fresh.length >= MOST_VALUES) {
          o.capped({ metric, label, example: short.slice(0, 60) });
          return `the labels of this sender have more than ${MOST_VALUES} values within an hour; label ${label} of metric ${metric} would add one`;
        }
        if (seen === undefined) known.set(key, (seen = new Set()));
        fresh.push([seen, short]);
      }
      for (const [seen, value] of fresh) seen.add(value);
      values += fresh.length;
      return undefined;
    },
    refusesService(service) {
      forgetAfterAnHour();
      if (services.has(service)) return undefined;
      if (services.size >= MOST_SERVICES)
        return `this sender has more than ${MOST_SERVICES} values of service.name within an hour; ${service.slice(0, 60)} would be one more`;
      services.add(service);
      return undefined;
    },
  };
}
