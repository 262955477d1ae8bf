import { lazy, Suspense, useSyncExternalStore, type ReactNode } from "react";

import { help, navigation, palette, type Switch } from "./switch.ts";

const Palette = lazy(async () => ({ default: (await import("./Palette.tsx")).Palette }));
const Help = lazy(async () => ({ default: (await import("./Help.tsx")).Help }));
const NavDrawer = lazy(async () => ({ default: (await import("./NavDrawer.tsx")).NavDrawer }));

/** What lies over the page when asked for; each is fetched the first time somebody does. */
export function Overlays(): ReactNode {
  const asked = useAsked(palette);
  const helpOpened = useAsked(help) > 0;
  const navOpened = useAsked(navigation) > 0;
  return (
    <Suspense>
      {asked > 0 && <Palette asked={asked} />}
      {helpOpened && <Help />}
      {navOpened && <NavDrawer />}
    </Suspense>
  );
}

function useAsked(of: Switch): number {
  return useSyncExternalStore(of.subscribe, of.get);
}
