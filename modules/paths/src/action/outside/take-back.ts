import type { ActionContext, Undone } from "../action.ts";

/** The name under which a step notes whether its thing was there before it. */
export const THERE = "there";

/** What needs the step's input cannot be taken back without it: a secret in it is forgotten once a run has succeeded. */
export const UNKNOWN: Undone = {
  done: false,
  words: "What it was done with is known no more, so it stays: look for it there and remove it by hand.",
};

/** Takes away what the step made; what was there before it stays, and whether it was changed is said. */
export async function unlessThere(c: ActionContext, what: string, takeAway: () => Promise<void>): Promise<Undone> {
  const there = await c.noted?.<boolean>(THERE);
  if (there === undefined) return { done: true, words: `${what} was not touched.` };
  if (there) return { done: false, words: `${what} was there before: it stays as it is now.` };
  await takeAway();
  return { done: true, words: `${what} is gone.` };
}
