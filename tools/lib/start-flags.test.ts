import { expect, test } from "vitest";

import { USAGE } from "../../apps/server/src/options.ts";
import { unknownFlag, wantsHelp } from "./start-flags.mjs";

test("every flag of the server passes, with its value in either form", () => {
  const argv = [
    "--port",
    "4500",
    "--data=/a folder/--b",
    "--empty",
    "--no-open",
    "--admin-token-file",
    "f",
    "--host",
    "::1",
    "--public-url",
    "https://x",
  ];
  expect(unknownFlag(argv, USAGE)).toBeUndefined();
});

test.each([["--prot"], ["-p"], ["--e"], ["--por"]])("%s is found before anything is fetched", (flag) => {
  expect(unknownFlag(["--empty", flag, "1"], USAGE)).toBe(flag);
});

test("help is asked for by either name", () => {
  expect([wantsHelp(["--help"]), wantsHelp(["--empty", "-h"]), wantsHelp(["--empty"])]).toEqual([true, true, false]);
});
