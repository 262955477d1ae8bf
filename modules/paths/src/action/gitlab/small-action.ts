import { z } from "zod";

import type { Outside } from "../../deps.ts";
import { defineAction, type Action, type ActionContext, type Output, type Undone } from "../action.ts";
import { connect, missingConnection, type Place } from "../outside/connect.ts";
import { UNKNOWN } from "../outside/take-back.ts";

/** What every one of them is told. */
export const Base = { repoUrl: z.string().min(1), token: z.string().optional() };

/** What a small action says of itself; the rest is the same for all. */
export interface Small<S extends z.ZodType> {
  readonly id: string;
  readonly description: string;
  readonly input: S;
  readonly output?: z.ZodType;
  readonly secretOutput?: readonly string[];
  readonly example: Readonly<Record<string, unknown>>;
  readonly words: (input: z.output<S>) => string;
  readonly expects: () => Output;
  readonly run: (c: ActionContext, place: Place, input: z.output<S>) => Promise<Output>;
  readonly undo?: (c: ActionContext, place: Place, input: z.output<S>, output: Output) => Promise<Undone>;
}

/** An action on a project or group that is there: it says what it would do, finds the way to the host, and may be taken back. */
export function small<S extends z.ZodType<{ readonly repoUrl: string; readonly token?: string | undefined }>>(
  outside: Outside | undefined,
  { id, description, input: schema, output, secretOutput, example, words, expects, run, undo }: Small<S>,
): Action {
  // The host is all that is meant: Backstage's own examples leave the owner out.
  const whole = <I extends { readonly repoUrl: string; readonly token?: string | undefined }>(input: I) => {
    const [host = "", query = ""] = input.repoUrl.split("?");
    const params = new URLSearchParams(query);
    return { repoUrl: `${host}?owner=${params.get("owner") ?? "-"}&repo=${params.get("repo") ?? "-"}`, token: input.token };
  };
  const takeBack: Pick<Action<z.output<S>>, "undo"> = undo === undefined
    ? {}
    : {
        undo: async (c, { input, output: made }) =>
          input === undefined ? UNKNOWN : undo(c, await connect(c, outside, "gitlab", whole(input)), input, made),
      };
  return defineAction<S>({
    id,
    description,
    input: schema,
    ...(output === undefined ? {} : { output }),
    ...(secretOutput === undefined ? {} : { secretOutput }),
    examples: [{ description, input: { repoUrl: "gitlab.com?owner=acme&repo=orders", ...example } }],
    reach: "outside",
    async describe(_c, input) {
      return { words: words(input), output: expects(), problems: await missingConnection(outside, "gitlab", whole(input)) };
    },
    run: async (c, input) => run(c, await connect(c, outside, "gitlab", whole(input)), input),
    ...takeBack,
  });
}
