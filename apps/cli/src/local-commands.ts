import type { LocalCommand } from "@roadbed/face-cli";

/** Commands that work on this machine's data, without a server's operation: an extension list. */
export const localCommands: readonly LocalCommand[] = [];
