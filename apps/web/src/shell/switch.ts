/** Something that is opened from anywhere; `get` counts the openings, 0 while it is closed. */
export interface Switch {
  readonly open: () => void;
  readonly close: () => void;
  readonly get: () => number;
  readonly subscribe: (listener: () => void) => () => void;
}

export function createSwitch(): Switch {
  const listeners = new Set<() => void>();
  let opened = 0;
  let count = 0;
  const set = (value: number): void => {
    count = value;
    for (const listener of listeners) listener();
  };
  return {
    open: () => set(++opened),
    close: () => set(0),
    get: () => count,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Search and commands. */
export const palette = createSwitch();
/** The list of shortcuts. */
export const help = createSwitch();
/** The navigation, where the screen has no room for it. */
export const navigation = createSwitch();
