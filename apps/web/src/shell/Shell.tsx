import { Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Navigate, Outlet, useLocation, useRouterState } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, type ReactNode } from "react";

import { getMe } from "@roadbed/contracts/identity";
import { isCode } from "../api/errors.ts";
import { followEvents } from "../api/live.ts";
import { useOperation } from "../api/use-operation.ts";
import { ErrorState } from "../ui/ErrorState.tsx";
import { Nav } from "./Nav.tsx";
import { Palette } from "./Palette.tsx";
import { SetPassword } from "./SetPassword.tsx";
import { Shortcuts } from "./Shortcuts.tsx";
import { TopBar } from "./TopBar.tsx";
import classes from "./shell.module.css";

/** The frame around every page but sign-in: navigation, search, person, live data. */
export function Shell({ children = <Outlet /> }: { readonly children?: ReactNode }): ReactNode {
  const me = useOperation(getMe, {}, { staleTime: 5 * 60_000 });
  const { href } = useLocation();
  const [navOpened, nav] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useLiveData(me.data !== undefined);
  useEffect(nav.close, [path, nav.close]);

  if (isCode(me.error, "UNAUTHENTICATED")) return <Navigate to="/sign-in" search={href === "/" ? {} : { to: href }} replace />;
  return (
    <div className={classes.shell}>
      <a className="rb-skip" href="#main">
        Skip to the content
      </a>
      <TopBar onMenu={nav.toggle} />
      <aside className={classes.side}>
        <Nav />
      </aside>
      <Drawer opened={navOpened} onClose={nav.close} size={260} title="Roadbed" hiddenFrom="md" keepMounted={false}>
        <Nav />
      </Drawer>
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
      <Palette />
      <Shortcuts />
    </div>
  );
}

function useLiveData(signedIn: boolean): void {
  const queries = useQueryClient();
  useEffect(() => (signedIn ? followEvents(queries) : undefined), [signedIn, queries]);
}
