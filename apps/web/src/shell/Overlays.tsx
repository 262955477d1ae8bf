import { lazy, Suspense, useEffect, useSyncExternalStore, type ReactNode } from "react";

import { help, navigation, palette, type Switch } from "./switch.ts";
import { paletteAhead } from "./palette-ahead.ts";

const fetchPalette = async () => ({ default: (await import("./Palette.tsx")).Palette });
const Palette = lazy(fetchPalette);
const Help = lazy(async () => ({ default: (await import("./Help.tsx")).Help }));
const NavDrawer = lazy(async () => ({ default: (await import("./NavDrawer.tsx")).NavDrawer }));

/** Once the page stands; letters of who is faster are kept. */
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
  useEffect(() => palette.subscribe(() => (palette.get() > 0 ? paletteAhead.start() : paletteAhead.end())), []);
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
