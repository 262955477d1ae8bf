import { PhoneCall } from "lucide-react";
import type { ReactNode } from "react";

import { getOnCall } from "@roadbed/contracts/catalog/ownership";
import { useOperation } from "../../api/use-operation.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./ownership.module.css";

const MINUTE_MS = 60_000;

/** Who is on call now, until when, by whose rota and how fresh that is. Nothing where nobody is named. */
export function OnCallLine({ entityRef }: { readonly entityRef: string }): ReactNode {
  const { data } = useOperation(getOnCall, { ref: entityRef }, { every: MINUTE_MS, staleTime: MINUTE_MS });
  const [first, ...more] = data?.now ?? [];
  if (data === undefined || data.from === undefined) return null;
  return (
    <span className={classes.onCall} title={data.said}>
      <PhoneCall size={14} aria-hidden />
      {first === undefined ? (
        <span>nobody on call now</span>
      ) : (
        <span>
          on call:{" "}
          {first.person !== undefined && first.title !== undefined ? (
            <EntityLink entityRef={first.person} title={first.title} icon={false} />
          ) : (
            first.name
          )}
          {more.length > 0 && ` and ${more.length} more`}
          {first.until !== undefined && (
            <>
              {" "}
              until <When at={first.until} />
            </>
          )}
        </span>
      )}
      {data.from.because !== "own" && <span className="rb-dim">by {data.from.title}</span>}
      {(data.source !== undefined || data.observedAt !== undefined) && (
        <span className="rb-dim">
          ({data.source}
          {data.observedAt !== undefined && (
            <>
              {data.source === undefined ? "" : ", "}
              <When at={data.observedAt} />
            </>
          )}
          )
        </span>
      )}
    </span>
  );
}
