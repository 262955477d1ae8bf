import type { Logger } from "@roadbed/core";
import type { z } from "zod";

import type { Entity } from "./catalog.ts";
import type { ToldBuild } from "./catalog/builds.ts";
import type { ProposedChange } from "./catalog/changes.ts";

/**
 * Reads one sort of system of record. The catalogue owns everything else: when it runs, what it may remove, what is shown, what is
 * kept secret. A connector holds nothing between calls; what it must remember it answers as `state`.
 */
export interface Connector<S extends object = any> {
  /** Stable and lower case, e.g. `github`. */
  readonly kind: string;
  /** For people, e.g. `GitHub organisation`. */
  readonly title: string;
  /** One sentence: what it brings into the catalogue. */
  readonly summary: string;
  /** What a person fills in. Field descriptions become the form's help. */
  readonly settings: z.ZodType<S>;
  /** Names of the settings that are secret: stored sealed, never returned, never logged. */
  readonly secrets: readonly (keyof S & string)[];
  /** Settings that are documents: what is given as YAML comes as JSON. */
  readonly documents?: readonly (keyof S & string)[];
  /** Says without secrets what is read, e.g. `github.com/acme`; two sources with the same one are the same source. */
  readonly targetOf: (settings: S) => string;
  readonly defaults: {
    readonly everyMinutes: number;
    /** Days after which a fact of this source is trusted half as much. */
    readonly halfLifeDays: number;
    /** How sure its facts are when they are fresh, 0 to 1. */
    readonly confidence: number;
  };
  /**
   * Reads everything. Ends normally only when the answer is whole: a reading that throws removes nothing. Throws `DomainError`
   * for what the person can mend (a wrong token, an address that does not answer).
   */
  readonly read: (settings: S, o: ConnectorCall) => AsyncIterable<Reading>;
  /**
   * Yields whenever something changed, over a connection that stays open; the source is read then. Ends or throws when the connection
   * breaks: it is begun anew after a while.
   */
  readonly watch?: (settings: S, o: ConnectorCall) => AsyncIterable<void>;
  /**
   * What a webhook's body says, once its signature has been checked. Absent: the connector takes no webhooks.
   * Throws `UnauthenticatedError` for a wrong signature, `InvalidError` for a body it does not understand.
   */
  readonly receive?: (settings: S, request: WebhookRequest, o: ConnectorCall) => Promise<WebhookOutcome>;
  /** Names in its state that are knowledge and not only what saves calls: they count also when everything is read anew. */
  readonly keeps?: readonly string[];
  /**
   * The repositories whose files can be read, for systems that keep code: discovery looks into them. Ends normally only when all were
   * named. Calls are made only as far as somebody asks on.
   */
  readonly repositories?: (settings: S, o: ConnectorCall) => AsyncIterable<HostedRepository>;
  /** One of them by its path at the host, e.g. `acme/shop`: one question. Undefined when there is none, or the token may not see it. */
  readonly repository?: (settings: S, path: string, o: ConnectorCall) => Promise<HostedRepository | undefined>;
  /** Where people write the mapping: what it makes of one raw body, record by record. */
  readonly preview?: (mapping: unknown, body: unknown, o: Pick<ConnectorCall, "evaluate">) => Promise<readonly MappedRecord[]>;
}

/** A repository at its host. Every method throws `DomainError`; `TooManyError` when the host allows no more calls for now. */
export interface HostedRepository {
  /** Its page, without credentials, e.g. `https://github.com/acme/shop`. */
  readonly url: string;
  /** Differs when something was pushed. */
  readonly mark: string;
  /** The files of its main branch; empty when nothing was ever pushed. `isPart`: the host does not tell of all. */
  list(): Promise<{ readonly files: readonly HostedFile[]; readonly isPart: boolean }>;
  /** The texts of files that `list` named, by path. What is no text is left out. */
  read(files: readonly HostedFile[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Who committed since then, newest first and not without end; `login` is the account at the host, where it knows. */
  commits(since: Date): Promise<readonly { readonly name: string; readonly email: string; readonly login?: string; readonly at: Date }[]>;
  /** Calls that the host still allows, by its last answer. */
  budget(): { readonly remaining: number; readonly limit: number; readonly resetAt: Date } | undefined;
}

export interface HostedFile {
  readonly path: string;
  /** Names the content. */
  readonly id: string;
  readonly bytes?: number;
}

/** What a mapping made of one record: an entity, a removal, nothing, or what is wrong. */
export interface MappedRecord {
  readonly record: unknown;
  readonly entity?: unknown;
  readonly skipped?: boolean;
  readonly removed?: string;
  readonly problems: readonly { readonly at: string; readonly reason: string; readonly mend?: string }[];
}

/** The value of an expression, or why it has none. */
export type Evaluated = { readonly value: unknown } | { readonly fault: string };

/** Evaluates CEL expressions over the given names: one row per binding, one cell per expression. */
export type Evaluate = (
  names: readonly string[],
  expressions: readonly string[],
  bindings: readonly Readonly<Record<string, unknown>>[],
) => Promise<readonly (readonly Evaluated[])[]>;

/** `fetch`; `tls` is for systems with an authority of their own, or that know their callers by certificate (PEM). */
export type GuardedFetch = (
  input: string | URL | Request,
  init?: RequestInit & { readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string } },
) => Promise<Response>;

export interface ConnectorCall {
  /** `fetch` with a timeout, a limit of bytes, no redirects to other hosts, and no private networks unless an administrator allowed them. */
  readonly fetch: GuardedFetch;
  readonly evaluate: Evaluate;
  /**
   * What the catalogue holds now: where names of two systems must be brought together. Answers the entities that have one of these
   * annotations, or these references; their annotations are those of the merged document.
   */
  readonly find: (asked: { readonly annotations: readonly string[] } | { readonly refs: readonly string[] }) => Promise<readonly Found[]>;
  /** For protocols other than HTTP: where to connect to. Refuses what `fetch` refuses; connect to nothing but the answer. */
  readonly addressOf: (host: string, port: number) => Promise<string>;
  /** What the last whole reading of this source left: ETags, cursors. */
  readonly state: Readonly<Record<string, unknown>>;
  readonly now: () => Date;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** An entity of the catalogue, as far as connectors may know it. */
export interface Found {
  readonly ref: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export type Reading =
  /** Something that is there. `define`: the entity exists because this says so. `enrich`: only adds to one that others define. */
  | {
      readonly type: "entity";
      readonly mode: "define" | "enrich";
      /** Whole for `define`; for `enrich`, `kind`, `metadata.name` (or `match`) and the fields it adds. */
      readonly entity: Entity;
      /**
       * For `define`, of something that was discovered, not declared: what it adds where another source defines the entity. Present, the
       * definition gives way to any other, sooner or later, and that is no conflict.
       */
      readonly otherwise?: Entity;
      /** For `enrich`: finds the entities by an annotation's value instead of by name, e.g. `pagerduty.com/service-id`. */
      readonly match?: { readonly annotation: string; readonly value: string };
      /** Where people find it: a URL. */
      readonly location: string;
      /** Absent: the connector's default. */
      readonly confidence?: number;
      /** Why the connector believes it, in words, where it is not simply said. */
      readonly rule?: string;
      /** When the system itself last saw it; absent: now. */
      readonly observedAt?: Date;
    }
  /** Something that was seen and could not be used. What it described before stays as it was. */
  | { readonly type: "problem"; readonly at: string; readonly reason: string; readonly mend?: string; readonly ref?: string }
  /** To be remembered for the next reading; kept only when this one ends whole. */
  | { readonly type: "state"; readonly state: Readonly<Record<string, unknown>> }
  /** Calls that the system still allows. */
  | { readonly type: "budget"; readonly remaining: number; readonly limit: number; readonly resetAt: Date }
  /** A descriptor's text (YAML, any number of documents): read as one of a folder would be, with the same checks. */
  | { readonly type: "descriptor"; readonly text: string; readonly location: string }
  /** A raw answer, kept (what is secret taken out) so that a person can see what the mapping has to do with. */
  | { readonly type: "sample"; readonly body: unknown }
  /** All of a part is as it was (HTTP 304): what earlier readings said with this location prefix stays. */
  | { readonly type: "unchanged"; readonly locationPrefix: string };

export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** The secret of this source's webhook: what signatures are made with. */
  readonly secret: string;
}

/** `readings`: apply these alone; `removed`: references that the message says are gone; `resync`: read everything soon. */
export interface WebhookOutcome {
  /** Identifies the delivery: the same one again is answered and does nothing. */
  readonly deliveryId: string;
  /** When it happened, where the message says so: older than what is known is dropped. */
  readonly at?: Date;
  readonly readings?: readonly Reading[];
  readonly removed?: readonly string[];
  readonly resync?: boolean;
  /** A pull or merge request that was opened, pushed to or closed. */
  readonly change?: ProposedChange;
  /** A run of a pipeline at the host, or a job of one. */
  readonly build?: ToldBuild;
  /** For a message that says only a part: what to apply is worked out from what this source said before, while nobody else writes. */
  readonly amend?: Amendment;
}

export interface Amendment {
  /** References of the entities that it builds upon. */
  readonly refs: readonly string[];
  /** Of the documents of `refs` as this source describes them so far, by reference in lower case. Touches nothing. */
  readonly apply: (known: ReadonlyMap<string, Entity>) => Pick<WebhookOutcome, "readings" | "removed">;
}
