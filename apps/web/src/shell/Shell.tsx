import { Navigate, Outlet, useLocation } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, type ReactNode } from "react";

import { getMe } from "@roadbed/contracts/identity";
import { isCode } from "../api/errors.ts";
import { followEvents } from "../api/live.ts";
import { useOperation } from "../api/use-operation.ts";
import { ErrorState } from "../ui/ErrorState.tsx";
import { Nav } from "./Nav.tsx";
import { Overlays } from "./Overlays.tsx";
import { SetPassword } from "./SetPassword.tsx";
import { TopBar } from "./TopBar.tsx";
import classes from "./shell.module.css";
import { useShortcuts } from "./use-shortcuts.ts";

/** The frame around every page but sign-in: navigation, search, person, live data. */
export function Shell({ children = <Outlet /> }: { readonly children?: ReactNode }): ReactNode {
  const me = useOperation(getMe, {}, { staleTime: 5 * 60_000 });
  const { href } = useLocation();
  useLiveData(me.data !== undefined);
  useShortcuts();

  if (isCode(me.error, "UNAUTHENTICATED")) return <Navigate to="/sign-in" search={href === "/" ? {} : { to: href }} replace />;
  return (
    <div className={classes.shell}>
      <a className="rb-skip" href="#main">
        Skip to the content
      </a>
      <TopBar />
      <aside className={classes.side}>
        <Nav />
      </aside>
      <main id="main" className={classes.main} tabIndex={-1}>
        {me.data?.mustSetPassword === true && <SetPassword />}
        {me.error !== null && me.data === undefined ? (
          <div className={classes.fault}>
            <ErrorState error={me.error} retry={() => void me.refetch()} />
          </div>
        ) : (
          children
        )}
      </main>
      <Overlays />
    </div>
  );
}

function useLiveData(signedIn: boolean): void {
  const queries = useQueryClient();
  useEffect(() => (signedIn ? followEvents(queries) : undefined), [signedIn, queries]);
}
