export { type CliIo, type LocalCommand, type LocalInvocation, runCli, type RunCliOptions } from "./run-cli.ts";
export { type Command, toCommands } from "./command/commands.ts";
export { describeFields, type Field } from "./command/fields.ts";
export { EXIT, exitCodeOf } from "./output/exit-code.ts";
export { helpForCommand } from "./help/help.ts";
