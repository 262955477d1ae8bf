import { createHash } from "node:crypto";

import { formatRef, parseRef } from "@roadbed/contracts/catalog";
import type { ConfigurationKind } from "@roadbed/contracts/delivery/configurations";
import type { Part } from "@roadbed/contracts/delivery/releases";
import { InvalidError } from "@roadbed/core";

import { MANIFEST_FILE, type Manifest } from "../workload/manifest.ts";
import { isConfigured, type Messages } from "./configuration-text.ts";

/** A prompt, model or agent of one commit. */
export interface Content {
  readonly kind: ConfigurationKind;
  readonly version: string;
  readonly digest: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** The files that are part of it, beside `roadbed.yaml`. */
export function filesOf({ kind, prompt, model, agent }: Pick<Manifest, "kind" | "prompt" | "model" | "agent">): string[] {
  if (!isConfigured(kind)) return [];
  const files = [...(prompt?.messages ?? []), ...(agent?.messages ?? [])].flatMap(({ file }) => (file === undefined ? [] : [file]));
  return [...new Set([...files, ...(model?.card === undefined ? [] : [model.card])])];
}

/**
 * What is served: the same content is the same digest, whatever the order of keys and the ends of lines. Undefined for what has a process.
 * Throws `InvalidError` for a file that is missing and for a variable that nobody declared.
 */
export function contentOf(manifest: Manifest, commit: string, textOf: (file: string) => string | undefined): Content | undefined {
  const { kind, prompt, model, agent } = manifest;
  if (!isConfigured(kind)) return undefined;
  const said =
    kind === "prompt" && prompt !== undefined
      ? { version: prompt.version, content: promptContent(prompt, textOf) }
      : kind === "model" && model !== undefined
        ? { version: model.version, content: { ...model, ...(model.card === undefined ? {} : { card: read(model.card, textOf) }) } }
        : { version: agent?.version, content: agentContent(agent!, textOf) };
  const { version: _version, ...rest } = said.content as Record<string, unknown>;
  // The version of a model is what it is; that of a prompt or an agent is only what people call it.
  const content = JSON.parse(canonical(kind === "model" ? said.content : rest)) as Record<string, unknown>;
  const digest = `sha256:${createHash("sha256")
    .update(canonical({ kind, ...content }))
    .digest("hex")}`;
  return { kind, version: said.version ?? commit.slice(0, 12), digest, content };
}

/** What of it travels in a release: itself, and what it binds. */
export function partsOf(entityRef: string, { kind, version, digest, content }: Content): Part[] {
  const { model, prompt } = content as {
    model?: { name: string; version: string; digest?: string };
    prompt?: { component: string; digest: string };
  };
  return [
    { kind, name: entityRef, version, digest },
    ...(kind !== "model" && model?.digest !== undefined
      ? [{ kind: "model" as const, name: model.name, version: model.version, digest: model.digest }]
      : []),
    ...(prompt === undefined
      ? []
      : [
          {
            kind: "prompt" as const,
            name: formatRef(parseRef(prompt.component, { kind: "component" })),
            version: prompt.digest.slice(7, 19),
            digest: prompt.digest,
          },
        ]),
  ];
}

/** JSON with sorted keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function promptContent(prompt: NonNullable<Manifest["prompt"]>, textOf: (file: string) => string | undefined): object {
  const messages = messagesOf(prompt.messages, textOf);
  const used = [...new Set(messages.flatMap(({ text }) => [...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, name]) => name!)))].sort();
  const undeclared = prompt.variables === undefined ? [] : used.filter((name) => !prompt.variables!.includes(name));
  if (undeclared.length > 0) {
    throw new InvalidError(`The prompt uses ${undeclared.map((name) => `{{${name}}}`).join(", ")}, which is not among its variables.`, {
      problems: [{ at: `${MANIFEST_FILE}: prompt.variables`, reason: `does not name ${undeclared.join(", ")}` }],
      mend: "Name it in prompt.variables, or correct the text.",
    });
  }
  return { ...prompt, messages, variables: (prompt.variables ?? used).toSorted() };
}

function agentContent(agent: NonNullable<Manifest["agent"]>, textOf: (file: string) => string | undefined): object {
  return { ...agent, ...(agent.messages === undefined ? {} : { messages: messagesOf(agent.messages, textOf) }) };
}

function messagesOf(messages: Messages, textOf: (file: string) => string | undefined): { role: string; text: string }[] {
  return messages.map(({ role, text, file }) => ({ role, text: plain(text ?? read(file!, textOf)) }));
}

function read(file: string, textOf: (file: string) => string | undefined): string {
  const text = textOf(file);
  if (text !== undefined) return plain(text);
  throw new InvalidError(`${file} is not there, but ${MANIFEST_FILE} names it.`, {
    problems: [{ at: MANIFEST_FILE, reason: `names ${file}, which is not there` }],
    mend: "Add the file, or correct its name, and push again.",
  });
}

/** The ends of lines of one system, without those at the end. */
function plain(text: string): string {
  return text.replaceAll("\r\n", "\n").trimEnd();
}
