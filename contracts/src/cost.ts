import { defineOperation } from "@roadbed/core";
import { z } from "zod";

const Money = z
  .string()
  .regex(/^-?\d+\.\d{2,}$/)
  .describe("An exact decimal in the currency beside it");

/** What rows of one currency and billing period come to. A total of which no row says anything is absent, which is not zero. */
const ChargeTotal = z.object({
  currency: z.string(),
  billingPeriod: z.iso.date().describe("Its first day, UTC"),
  rows: z.number().int(),
  billed: Money.describe("What is invoiced"),
  effective: Money.describe("With what was paid in advance spread over its use"),
  list: Money.optional(),
  contracted: Money.optional(),
  withoutList: z.number().int().describe("Rows that say no list cost: they are not in that total"),
  withoutContracted: z.number().int().describe("Rows that say no contracted cost: they are not in that total"),
});

const ChargeFinding = z.object({
  line: z.number().int().describe("Of the file; the header is on line 1"),
  column: z.string(),
  counts: z.boolean().describe("False: nothing of this row is in the totals"),
  reason: z.string(),
  mend: z.string(),
});

export const checkCharges = defineOperation({
  name: "cost.charge.check",
  summary:
    "Read a cost export in FOCUS columns (1.0 to 1.4): exact totals, and each defective row with its reason and mend. Nothing is stored.",
  scope: "cost:read",
  risk: "read",
  http: { method: "POST", path: "/api/v1/charges/check" },
  input: z.object({
    csv: z.string().min(1).max(3_500_000).describe("The text of the file, with its header"),
    findings: z.number().int().min(0).max(1_000).default(100).describe("How many findings to list; all are counted"),
  }),
  output: z.object({
    version: z.enum(["1.0", "1.1", "1.2", "1.3", "1.4"]).describe("The oldest version of FOCUS that has the columns of this file"),
    rows: z.number().int(),
    counted: z.number().int().describe("Rows that are in the totals"),
    refused: z.number().int().describe("Rows of which nothing is in the totals"),
    totals: z.array(ChargeTotal),
    findings: z.array(ChargeFinding),
    allFindings: z.number().int(),
    notes: z.array(z.string()).describe("What is true of the file as a whole and is read anyway"),
  }),
  cli: { rows: "totals" },
});

export const operations = [checkCharges] as const;
