import { z } from "zod";

import { advanced } from "./advanced.ts";

/** A credential; `help` says which right it needs. */
export const tokenSetting = (help: string) =>
  z.string().min(1).regex(/^\S+$/, "may not hold spaces").describe(`${help}; it is stored sealed`);

export const addressSetting = (help: string) => z.url({ protocol: /^https?$/ }).describe(help);

export const namespaceSetting = () =>
  advanced(
    z
      .string()
      .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "must be lower-case letters, digits and dashes")
      .default("default")
      .describe("Namespace of the entities"),
  );

/** What every Git host is asked for, in the words of each. */
export const gitHostSettings = (words: { readonly people: string; readonly repositories: string; readonly descriptors: string }) => ({
  people: z.boolean().default(true).describe(words.people),
  repositories: z.boolean().default(true).describe(words.repositories),
  descriptors: z.boolean().default(true).describe(words.descriptors),
  namespace: namespaceSetting(),
});

/** Reading needs less than writing: an administrator says that golden paths may write with the same token. */
export const goldenPathsSetting = (what: string) =>
  z.boolean().default(false).describe(`Golden paths may make ${what} with this token; it needs write access then`);

/** Whether what carries no annotation is found by its name, and whether what is not found is told. */
export const placingSettings = {
  byName: advanced(
    z.boolean().default(true).describe("What no annotation names is found by its name, where a component is called the same"),
  ),
  tellUnplaced: advanced(z.boolean().default(true).describe("Say of what nothing in the catalogue names, and which annotation to write")),
};

/** An address without the slash at its end. */
export function bare(address: string): string {
  return address.replace(/\/+$/, "");
}

/** Systems that make the secret of a webhook themselves, and show it once. */
export const webhookSecretSetting = (system: string) =>
  advanced(
    z
      .string()
      .min(8)
      .regex(/^\S+$/, "may not hold spaces")
      .optional()
      .describe(`The signing secret that ${system} shows when the webhook is made; it is stored sealed`),
  );
