/** Days are whole numbers since 1970-01-01, UTC. */
export type DayNumber = number;

const MS = 86_400_000;

export function dayOf(at: Date | number): DayNumber {
  return Math.floor((typeof at === "number" ? at : at.getTime()) / MS);
}

export function dayOfText(text: string): DayNumber {
  return Date.parse(`${text}T00:00:00Z`) / MS;
}

export function textOfDay(day: DayNumber): string {
  return new Date(day * MS).toISOString().slice(0, 10);
}

/** A column of type `date` as a day number, whatever time zone the server stands in. */
export const DAY_SQL = (column: string): string => `(${column} - date '1970-01-01')`;
