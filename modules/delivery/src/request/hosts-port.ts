import type { Actor, Ctx } from "@roadbed/core";

/** What delivery asks of the hosts that administrators connected: requests there, and who acts there. */
export interface Hosts {
  /** Where a remote lies and the way to its requests; `because`: there is none. */
  at(remote: string): Promise<RemoteHost | { readonly because: string; readonly mend: string }>;
  /** As whom somebody acts here who merged or closed something there. Undefined: nobody here is known by that login. */
  personAt(
    ctx: Ctx,
    who: { readonly system: "github" | "gitlab"; readonly host: string; readonly login: string },
  ): Promise<{ readonly actor: Actor; readonly scopes: ReadonlySet<string> } | undefined>;
}

export interface RemoteHost {
  readonly system: "github" | "gitlab";
  /** `github.com`. */
  readonly host: string;
  /** `acme/platform-delivery`. */
  readonly repository: string;
  readonly requests: RemoteRequests;
}

export interface RemoteRequest {
  readonly number: string;
  readonly link: string;
  readonly state: "open" | "merged" | "closed";
  /** The commit that it holds. */
  readonly head: string;
  /** The login of whoever merged or closed it, where the host says. */
  readonly by?: string | undefined;
  /** What merging it left on the target. */
  readonly commit?: string | undefined;
}

/** Every method throws a `DomainError` in the host's words; `TooManyError` where it wants to be left alone for a while. */
export interface RemoteRequests {
  /** Opens it, or finds the one that the same `key` opened. Its branch stands there already. */
  open(o: {
    readonly key: string;
    readonly branch: string;
    readonly target: string;
    readonly title: string;
    readonly body: string;
  }): Promise<RemoteRequest>;
  get(number: string): Promise<RemoteRequest>;
  edit(number: string, o: { readonly key: string; readonly title: string; readonly body: string }): Promise<void>;
  /** One comment, edited from then on, and the status of the commit. */
  tell(
    number: string,
    note: {
      readonly head: string;
      /** What tells this status from others of the same commit. */
      readonly context: string;
      readonly state: "waiting" | "good" | "bad";
      readonly summary: string;
      readonly text: string;
      readonly link: string;
    },
  ): Promise<void>;
  close(number: string): Promise<void>;
}
