import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { ServiceSignals } from "../../observe/ServiceSignals.tsx";
import { AiUseOf } from "../ai-use/AiUseOf.tsx";
import type { KnownEntity } from "./use-entity.ts";

const route = getRouteApi("/app/entities/$kind/$namespace/$name");

/** Rate, errors and latency over time, then operations, traces and logs. */
export function SignalsTab({ known }: { readonly known: KnownEntity }): ReactNode {
  const { range } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <ServiceSignals
      service={known.service}
      entityRef={known.ref}
      range={range}
      onRange={(value) => void navigate({ search: (old) => ({ ...old, range: value === "1h" ? undefined : value }), replace: true })}
      afterOperations={<AiUseOf entityRef={known.ref} range={range} />}
    />
  );
}
