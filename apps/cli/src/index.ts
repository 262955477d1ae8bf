export { localCommands } from "./local-commands.ts";
