import { z } from "zod";

import type { Outside } from "../../deps.ts";
import { defineAction, type Action, type ActionContext, type Effect, type Output, type Undone } from "../action.ts";
import { connect, missingConnection, pageOf, placeOf, type Place } from "../outside/connect.ts";
import { UNKNOWN } from "../outside/take-back.ts";

/** What every one of them is told. */
export const Base = { repoUrl: z.string().min(1), token: z.string().optional(), allowedHosts: z.array(z.string()).optional() };
const REPOSITORY = "github.com?owner=acme&repo=orders";

/** As people write it. */
export function nameOf({ owner, repo }: Place): string {
  return `${owner}/${repo}`;
}

/** What a small action says of itself; the rest is the same for all. */
export interface Small<S extends z.ZodType> {
  readonly id: string;
  readonly description: string;
  readonly input: S;
  readonly output?: z.ZodType;
  readonly example: Readonly<Record<string, unknown>>;
  readonly words: (input: z.output<S>, name: string) => string;
  /** What would not work, told before anything is made. */
  readonly problems?: (input: z.output<S>) => NonNullable<Effect["problems"]>;
  readonly expects: (page: string) => Output;
  readonly run: (c: ActionContext, place: Place, input: z.output<S>) => Promise<Output>;
  readonly undo?: (c: ActionContext, place: Place, input: z.output<S>, output: Output) => Promise<Undone>;
}

/** An action on a repository that is there: it says what it would do, finds the way to the host, and may be taken back. */
export function small<S extends z.ZodType<{ readonly repoUrl: string; readonly token?: string | undefined }>>(
  outside: Outside | undefined,
  { id, description, input: schema, output, example, words, problems, expects, run, undo }: Small<S>,
): Action {
  const takeBack: Pick<Action<z.output<S>>, "undo"> = undo === undefined
    ? {}
    : {
        undo: async (c, { input, output: made }) =>
          input === undefined ? UNKNOWN : undo(c, await connect(c, outside, "github", input), input, made),
      };
  return defineAction<S>({
    id,
    description,
    input: schema,
    ...(output === undefined ? {} : { output }),
    examples: [{ description, input: { repoUrl: REPOSITORY, ...example } }],
    reach: "outside",
    async describe(_c, input) {
      const place = placeOf("github", input.repoUrl);
      return {
        words: words(input, `${place.owner}/${place.repo}`),
        output: expects(pageOf(place)),
        problems: [...(await missingConnection(outside, "github", input)), ...(problems?.(input) ?? [])],
      };
    },
    run: async (c, input) => run(c, await connect(c, outside, "github", input), input),
    ...takeBack,
  });
}
