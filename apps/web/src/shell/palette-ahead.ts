import { palette } from "./switch.ts";
import { createTypingAhead } from "./typing-ahead.ts";
import { isTyping } from "./use-shortcuts.ts";

/** What is typed while the palette is on its way. */
export const paletteAhead = createTypingAhead(window, { isTyping, cancel: palette.close });
