import { expect, test } from "vitest";

import { campaignState, sayCampaign, sayCampaigns, sayDays } from "./campaign-words.ts";

const open = { things: 40, done: 30, goal: 0.9, state: "open" as const, daysLeft: 12 };

test("a campaign says how far it is from its goal, and how long there is", () => {
  expect(sayCampaign(open)).toBe("30 of 40 are done; 6 more to the goal, 12 days left.");
  expect(sayCampaign({ ...open, done: 36 })).toBe("36 of 40 are done: the goal is reached.");
  expect(sayCampaign({ ...open, state: "over", daysLeft: -3 })).toBe("30 of 40 are done; the goal was 36, and its day is over.");
  expect(sayCampaign({ ...open, things: 0, done: 0 })).toBe("It is about nothing that you may see.");
  // 0.7 of 10 are 7, and not 8.
  expect(sayCampaign({ ...open, things: 10, done: 6, goal: 0.7 })).toContain("1 more");
});

test("days and states", () => {
  expect([2, 1, 0, -1].map(sayDays)).toEqual(["2 days left", "1 day left", "last day", "its day is over"]);
  expect(campaignState({ state: "open", daysLeft: 8 })).toBe("unknown");
  expect(campaignState({ state: "open", daysLeft: 7 })).toBe("warn");
  expect(campaignState({ state: "over", daysLeft: -1 })).toBe("fail");
  expect(sayCampaigns([])).toBe("None has been begun.");
  expect(sayCampaigns([open, { ...open, daysLeft: 1 }])).toBe("2 are open; for the next one: 1 day left.");
});
