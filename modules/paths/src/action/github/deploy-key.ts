import { z } from "zod";

import type { Outside } from "../../deps.ts";
import type { Action } from "../action.ts";
import type { Place } from "../outside/connect.ts";
import { THERE, unlessThere } from "../outside/take-back.ts";
import { pathOf } from "./repository.ts";
import { problemsOfSecrets, removeSecrets, setSecrets } from "./secrets.ts";
import { Base, nameOf, small } from "./small-action.ts";

interface Key {
  readonly id: number;
  readonly title: string;
  readonly key: string;
}

/** A deploy key: its public half at the repository, its private half as a secret of the workflows there. */
export function makeGithubDeployKey(outside: Outside | undefined): Action {
  return small(outside, {
    id: "github:deployKey:create",
    description: "Puts a deploy key on a repository at GitHub, and its private half among the secrets of its workflows.",
    input: z.object({
      ...Base,
      publicKey: z.string().min(1).describe("As in authorized_keys, e.g. ssh-ed25519 AAAA…"),
      privateKey: z.string().min(1),
      deployKeyName: z.string().min(1),
      privateKeySecretName: z.string().min(1).default("KEY"),
    }),
    output: z.object({ privateKeySecretName: z.string() }),
    example: { deployKeyName: "deploys", publicKey: "ssh-ed25519 AAAA", privateKey: "${{ secrets.deployKey }}" },
    words: ({ deployKeyName, privateKeySecretName }, repository) =>
      `Puts the deploy key ${deployKeyName} on ${repository}; its private half becomes the secret ${privateKeySecretName}, sealed.`,
    problems: ({ privateKeySecretName }) => problemsOfSecrets({ [privateKeySecretName]: "" }),
    expects: () => ({ privateKeySecretName: "KEY" }),
    async run(c, place, { publicKey: key, privateKey, deployKeyName: title, privateKeySecretName }) {
      const there = await c.once(THERE, async () => (await keyOf(place, key)) !== undefined);
      if (!there && (await keyOf(place, key)) === undefined) await place.ask("POST", `${pathOf(place)}/keys`, { body: { title, key } });
      await setSecrets(place, `${pathOf(place)}/actions`, { [privateKeySecretName]: privateKey });
      return { privateKeySecretName };
    },
    undo: (c, place, { publicKey, deployKeyName, privateKeySecretName }) =>
      unlessThere(c, `The deploy key ${deployKeyName} of ${nameOf(place)}, with the secret ${privateKeySecretName},`, async () => {
        const found = await keyOf(place, publicKey);
        if (found !== undefined) await place.ask("DELETE", `${pathOf(place)}/keys/${found.id}`, { accept: [404], repeatable: true });
        await removeSecrets(place, `${pathOf(place)}/actions`, [privateKeySecretName]);
      }),
  });
}

/** The key with these bytes; the comment behind them is not part of it, and GitHub leaves it out. */
async function keyOf(place: Place, key: string): Promise<Key | undefined> {
  const bare = (text: string): string => text.trim().split(/\s+/).slice(0, 2).join(" ");
  const { body } = await place.ask("GET", `${pathOf(place)}/keys?per_page=100`);
  return (body as Key[]).find((one) => bare(one.key) === bare(key));
}
