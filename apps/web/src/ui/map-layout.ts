export interface Placed {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly from: string;
  readonly to: string;
  readonly path: string;
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  readonly cards: readonly Placed[];
  readonly lines: readonly Line[];
}

export const CARD = { width: 216, height: 112 } as const;
const GAP = { x: 56, y: 16 } as const;

/** Environments in columns from left to right: each to the right of all from which releases come to it. They come in that order. */
export function layOut(
  environments: readonly { readonly name: string; readonly upstream: readonly string[] }[],
  tall: number = CARD.height,
): MapLayout {
  const columns = new Map<string, number>();
  for (const { name, upstream } of environments) {
    columns.set(name, 1 + Math.max(-1, ...upstream.flatMap((before) => columns.get(before) ?? [])));
  }
  const used = new Map<number, number>();
  const cards = environments.map(({ name }) => {
    const column = columns.get(name) ?? 0;
    const row = used.get(column) ?? 0;
    used.set(column, row + 1);
    return { name, x: column * (CARD.width + GAP.x), y: row * (tall + GAP.y) };
  });
  const placeOf = new Map(cards.map((card) => [card.name, card]));
  const lines = environments.flatMap(({ name, upstream }) =>
    upstream.flatMap((before) => {
      const [from, to] = [placeOf.get(before), placeOf.get(name)];
      return from === undefined || to === undefined ? [] : [{ from: before, to: name, path: curve(from, to, tall) }];
    }),
  );
  const size = (count: number, one: number, gap: number): number => (count === 0 ? 0 : count * one + (count - 1) * gap);
  return {
    width: size(used.size, CARD.width, GAP.x),
    height: size(Math.max(0, ...used.values()), tall, GAP.y),
    cards,
    lines,
  };
}

function curve(from: Placed, to: Placed, tall: number): string {
  const [x1, y1, x2, y2] = [from.x + CARD.width, from.y + tall / 2, to.x - 6, to.y + tall / 2];
  const bend = Math.max(24, (x2 - x1) / 2);
  return `M ${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2} ${y2}`;
}
