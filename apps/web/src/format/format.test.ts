import { describe, expect, it } from "vitest";

import { formatBytes, formatCount, formatMs, formatNumber, formatPercent, formatRate, formatShort } from "./number.ts";
import { formatRelative, formatTick } from "./time.ts";

const plain = (text: string): string => text.replaceAll(/[\u202f\u00a0]/g, " ");

describe("numbers", () => {
  it("have thin separators", () => expect(formatNumber(1_234_567)).toBe("1\u202f234\u202f567"));
  it("keep three significant digits", () => {
    expect(plain(formatShort(0.8437))).toBe("0.844");
    expect(plain(formatShort(12_345))).toBe("12.3 k");
    expect(plain(formatShort(1_234))).toBe("1 234");
  });
  it("never round a small share to zero", () => {
    expect(plain(formatPercent(0.0004))).toBe("<0.1 %");
    expect(plain(formatPercent(0))).toBe("0 %");
    expect(plain(formatPercent(0.0312))).toBe("3.1 %");
  });
  it("name rare requests per minute", () => {
    expect(plain(formatRate(0.05))).toBe("3/min");
    expect(plain(formatRate(12.34))).toBe("12.3/s");
    expect(plain(formatRate(0.001))).toBe("3.6/h");
    expect(plain(formatRate(1.2345))).toBe("1.2/s");
    expect(formatRate(0)).toBe("0/s");
  });
  it("choose the unit of a duration", () => {
    expect(plain(formatMs(0.42))).toBe("420 µs");
    expect(plain(formatMs(12.44))).toBe("12.4 ms");
    expect(plain(formatMs(1_312))).toBe("1.31 s");
    expect(plain(formatMs(125_000))).toBe("2 min 5 s");
    expect(plain(formatMs(7_200_000))).toBe("2 h");
  });
  it("count in the right number", () => {
    expect(plain(formatCount(1, "entity", "entities"))).toBe("1 entity");
    expect(plain(formatCount(0, "entity", "entities"))).toBe("0 entities");
  });
  it("write bytes", () => expect(plain(formatBytes(1_240))).toBe("1.24 kB"));
});

describe("times", () => {
  const now = new Date(2025, 2, 4, 12);
  const ago = (ms: number): string => plain(formatRelative(new Date(now.getTime() - ms), now));
  it("are relative", () => {
    expect(ago(3_000)).toBe("just now");
    expect(ago(300_000)).toBe("5 min ago");
    expect(ago(86_400_000)).toBe("1 day ago");
    expect(ago(-7_200_000)).toBe("in 2 h");
  });
  it("become a date after a month", () => expect(ago(40 * 86_400_000)).toBe("23 Jan"));
  it("have a clock on short axes and a date on long ones", () => {
    expect(formatTick(now, 3_600_000)).toBe("12:00");
    expect(formatTick(now, 7 * 86_400_000)).toBe("4 Mar");
  });
});
