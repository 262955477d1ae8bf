import { getMirror, pushMirror, removeMirror, setMirror, type Mirror } from "@roadbed/contracts/delivery/mirror";
import { formatActor, handle, InvalidError, NotFoundError, type Ctx, type Handler } from "@roadbed/core";
import type { Sealer } from "@roadbed/postgres";

import type { DeliveryDeps } from "../deps.ts";
import { GITOPS_REPOSITORY } from "../gitops/gitops-repository.ts";
import { whereRequestsGo } from "../request/follow-requests.ts";
import { findMirror, tellMirror, toMirror, type MirrorRow } from "./mirror-store.ts";

/** `poke`: it is due from now on. */
export function makeMirrorHandlers(deps: Pick<DeliveryDeps, "hosts">, sealer: Sealer, poke: () => void): Handler[] {
  return [
    handle(getMirror, async (ctx) => {
      const row = await findMirror(ctx.sql);
      return row === undefined ? {} : { mirror: await shown(deps, row) };
    }),
    handle(setMirror, async (ctx, { remote, username, secret, requests }) => {
      if (holdsCredentials(remote)) {
        throw new InvalidError("An address is shown to everybody: it must hold no name and no password.", {
          problems: [{ at: "remote", reason: "holds a name or a password" }],
          mend: "Give them by username and secret.",
        });
      }
      const before = await findMirror(ctx.sql, true);
      // A secret is not sent to where it was not given for.
      const kept = before !== undefined && originOf(before.remote) === originOf(remote) ? before.sealed : null;
      const sealed = secret === undefined ? kept : await sealer.seal({ secret }, GITOPS_REPOSITORY);
      const wantsRequests = requests ?? (before?.remote === remote && before.requests);
      if (requests === true) {
        const place = await whereRequestsGo(deps, remote);
        if ("because" in place)
          throw new InvalidError(`${place.because}.`, { problems: [{ at: "requests", reason: place.because }], mend: place.mend });
      }
      await ctx.sql.query(
        `insert into delivery.mirror (repository, remote, username, sealed, state, set_by, set_at, try_at, requests)
         values ($1, $2, $3, $4, 'new', $5, $6, $6, $7)
         on conflict (repository) do update set remote = $2, username = $3, sealed = $4, state = 'new', set_by = $5, set_at = $6, try_at = $6, requests = $7,
           heads = case when mirror.remote = $2 then mirror.heads else '{}' end, failures = 0, error = null, noticed = null, pushed_at = null`,
        [GITOPS_REPOSITORY, remote, username ?? null, sealed, formatActor(ctx.actor), ctx.now(), wantsRequests],
      );
      const row = await known(ctx);
      tellMirror(ctx, row, "set");
      poke();
      return shown(deps, row);
    }),
    handle(pushMirror, async (ctx) => {
      await known(ctx);
      await ctx.sql.query("update delivery.mirror set try_at = $2 where repository = $1", [GITOPS_REPOSITORY, ctx.now()]);
      poke();
      return shown(deps, await known(ctx));
    }),
    handle(removeMirror, async (ctx) => {
      const row = await findMirror(ctx.sql, true);
      if (row === undefined) return { removed: false };
      await ctx.sql.query("delete from delivery.mirror where repository = $1", [row.repository]);
      tellMirror(ctx, row, "removed");
      return { removed: true };
    }),
  ];
}

/** With where requests would go, whether or not they are wanted. */
async function shown(deps: Pick<DeliveryDeps, "hosts">, row: MirrorRow): Promise<Mirror> {
  const place = await whereRequestsGo(deps, row.remote);
  if ("because" in place) return { ...toMirror(row), noRequests: `${place.because}. ${place.mend}` };
  return { ...toMirror(row), requestsAt: `${place.host}/${place.repository}` };
}

async function known(ctx: Ctx): Promise<MirrorRow> {
  const row = await findMirror(ctx.sql);
  if (row !== undefined) return row;
  throw new NotFoundError("mirror", "of platform-delivery", "Set one: roadbed mirror set https://github.com/acme/platform-delivery.git");
}

function holdsCredentials(remote: string): boolean {
  const url = URL.parse(remote);
  return url !== null && (url.password !== "" || (url.username !== "" && url.protocol.startsWith("http")));
}

function originOf(remote: string): string {
  return URL.parse(remote)?.host ?? remote.split(":")[0]!;
}
