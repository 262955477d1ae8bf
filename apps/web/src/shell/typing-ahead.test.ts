import { expect, test, vi } from "vitest";

import { createTypingAhead } from "./typing-ahead.ts";

function press(page: EventTarget, key: string, over: object = {}): Event {
  const event = Object.assign(new Event("keydown", { cancelable: true }), { key, ctrlKey: false, metaKey: false, altKey: false, ...over });
  page.dispatchEvent(event);
  return event;
}

function open(isTyping = (): boolean => false) {
  const page = new EventTarget();
  const cancel = vi.fn();
  const shortcut = vi.fn();
  const ahead = createTypingAhead(page, { isTyping, cancel });
  ahead.start();
  // In a page the shortcuts hear a key after whoever takes it first; here, who came first is first.
  page.addEventListener("keydown", shortcut);
  return { page, ahead, cancel, shortcut };
}

test("letters are kept until the box is there, and no shortcut hears them", () => {
  const { page, ahead, shortcut } = open();
  for (const key of ["c", "a", "x", "Backspace", "Shift", "r"]) press(page, key);
  expect(press(page, "t").defaultPrevented).toBe(true);
  ahead.start();
  expect(ahead.end()).toBe("cart");
  expect(shortcut.mock.calls.map(([event]) => (event as KeyboardEvent).key)).toEqual(["Shift"]);
  press(page, "c");
  expect(shortcut).toHaveBeenCalledTimes(2);
  expect(ahead.end()).toBe("");
});

test("Escape gives up; chords and who types elsewhere are left alone", () => {
  const { page, ahead, cancel, shortcut } = open();
  press(page, "k", { ctrlKey: true });
  expect(shortcut).toHaveBeenCalledTimes(1);
  press(page, "Escape");
  expect(cancel).toHaveBeenCalledTimes(1);
  expect(ahead.end()).toBe("");
  const typing = open(() => true);
  expect(press(typing.page, "a").defaultPrevented).toBe(false);
  expect(typing.ahead.end()).toBe("");
});
