import { createClient } from "@roadbed/face-client";
import { QueryClient } from "@tanstack/react-query";

import { isCode } from "./errors.ts";

/** The only way out of the page: same origin, the session's cookie, the CSRF header on writes. */
export const client = createClient({ url: "", face: "web", csrf: true });

/** Answers stay fresh until an event says otherwise (api/live.ts), or for half a minute where there is no event. */
export const queryClient: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => failures < 2 && isCode(error, "UNAVAILABLE", "TOO_MANY"),
    },
  },
});

queryClient.getQueryCache().subscribe((event) => {
  if (event.type !== "updated" || event.action.type !== "error") return;
  if (isCode(event.action.error, "UNAUTHENTICATED") && event.query.queryKey[0] !== "identity.me.get") {
    void queryClient.invalidateQueries({ queryKey: ["identity.me.get"] });
  }
});
