import { lazy, Suspense, useEffect, useSyncExternalStore, type ReactNode } from "react";

import { help, navigation, palette, type Switch } from "./switch.ts";

const fetchPalette = async () => ({ default: (await import("./Palette.tsx")).Palette });
const Palette = lazy(fetchPalette);
const Help = lazy(async () => ({ default: (await import("./Help.tsx")).Help }));
const NavDrawer = lazy(async () => ({ default: (await import("./NavDrawer.tsx")).NavDrawer }));

/** Once the page stands: who presses Ctrl-K types on at once, and no letter may be lost to loading. */
const FETCH_PALETTE_MS = 1_500;

/** What lies over the page when asked for; each is fetched the first time somebody does, the palette a moment after the page. */
export function Overlays(): ReactNode {
  const asked = useAsked(palette);
  const helpOpened = useAsked(help) > 0;
  const navOpened = useAsked(navigation) > 0;
  useEffect(() => {
    const timer = setTimeout(() => void fetchPalette(), FETCH_PALETTE_MS);
    return () => clearTimeout(timer);
  }, []);
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
