import type { Checked } from "@roadbed/contracts/standards/check-report";

/** A repository at whatever host it lies. Commits are named by their hash, paths are from the root. */
export interface HostRepository {
  readonly system: "embedded" | "github" | "gitlab";
  /** As people know it, e.g. `github.com/acme/shop`. */
  readonly name: string;
  /** Who holds it at the host; "" at the embedded one. */
  readonly owner: string;
  /** The branch that changes are made for, and its commit. Throws `NotFoundError` while nothing was pushed. */
  head(): Promise<{ readonly branch: string; readonly commit: string }>;
  /** The text of a file; undefined where there is none, or it is no text. */
  read(commit: string, path: string): Promise<string | undefined>;
  /** Where the head left the base, and what it changed since. Only at hosts outside. */
  compare(base: string, head: string): Promise<{ readonly start: string; readonly changed: readonly string[] }>;
  /** All paths of a commit; throws `TooLargeError` where the host does not tell all. */
  list(commit: string): Promise<readonly string[]>;
  /** Tells what the policies say of a commit of a change: one comment, a check with annotations, edits to be taken with a click. */
  report(report: Report): Promise<void>;
  /** Opens a change, or finds the one that the same `key` opened. */
  propose(change: ProposedChange): Promise<Proposal>;
  /** What became of it. */
  proposal(number: string): Promise<Proposal>;
}

export interface Report {
  readonly number: string;
  readonly head: string;
  readonly result: Checked;
  /** Where the whole of it is read. */
  readonly link: string;
}

export interface ProposedChange {
  /** Who makes it: the same key again is the same change. */
  readonly key: string;
  readonly branch: string;
  readonly target: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
  readonly files: readonly { readonly path: string; readonly content: string; readonly isNew: boolean }[];
  readonly author: { readonly name: string; readonly email: string };
}

export interface Proposal {
  /** How the host names it. */
  readonly number: string;
  readonly link: string;
  readonly state: "open" | "merged" | "closed";
}

/** Where a thing's repository is, and its folder in it. */
export type Home =
  | { readonly repository: HostRepository; readonly dir: string; readonly descriptor: string }
  | { readonly because: string };

/** What the catalogue knows of where a thing is described. */
export type Place =
  | {
      readonly system: "embedded" | "github" | "gitlab";
      /** `github.com`; "" for the embedded host. */
      readonly host: string;
      /** `acme/shop`. */
      readonly repository: string;
      /** Of the source; undefined where it reads the usual one. */
      readonly branch: string | undefined;
      /** Of the descriptor, from the root. */
      readonly path: string;
    }
  | { readonly because: string };
