import { Drawer } from "@mantine/core";
import { useRouterState } from "@tanstack/react-router";
import { useEffect, useState, type ReactNode } from "react";

import { Nav } from "./Nav.tsx";
import { navigation } from "./switch.ts";

/** The navigation over the page; goes when one has gone somewhere. */
export function NavDrawer(): ReactNode {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [begin] = useState(path);
  useEffect(() => {
    if (path !== begin) navigation.close();
  }, [path, begin]);
  return (
    <Drawer opened onClose={navigation.close} size={260} title="Roadbed">
      <Nav />
    </Drawer>
  );
}
