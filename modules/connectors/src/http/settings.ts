import { z } from "zod";

import { advanced } from "../lib/advanced.ts";
import { Mapping } from "./mapping.ts";

/** A header's name and value may not break out of their line. */
const HeaderText = z
  .string()
  .max(4_000)
  .regex(/^[^\r\n\0]*$/, "may not hold a line break");

export const HttpSettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .optional()
    .describe("Address of the list, e.g. https://api.example.com/services; leave it out for a source that only takes webhooks"),
  title: advanced(z.string().max(60).default("").describe("Tells several sources without an address apart")),
  token: HeaderText.min(1).optional().describe("A token that may read; it is stored sealed"),
  tokenHeader: advanced(HeaderText.default("Authorization").describe("The header it goes into")),
  tokenPrefix: advanced(HeaderText.default("Bearer ").describe("What stands before it")),
  headers: advanced(
    z
      .record(z.string().regex(/^[\w-]+$/), HeaderText)
      .default({})
      .describe("More headers; nothing secret"),
  ),
  method: advanced(z.enum(["GET", "POST"]).default("GET")),
  body: advanced(z.string().max(20_000).optional().describe("What is sent with POST")),
  paging: z
    .enum(["none", "link", "cursor", "offset", "page"])
    .default("none")
    .describe("link: a Link header; cursor: a value in the answer; offset or page: a number that grows"),
  pageParam: advanced(z.string().max(100).default("cursor").describe("The parameter for cursor, offset or page")),
  nextCursor: advanced(
    z.string().max(1_000).default("body.next").describe("Where the next cursor or address stands in the answer (CEL over body)"),
  ),
  pageSize: advanced(
    z.coerce.number().int().min(1).max(10_000).default(100).describe("Records per page, for offset and page: fewer end the list"),
  ),
  mapping: Mapping.describe("How a record becomes an entity"),
  signatureHeader: advanced(
    HeaderText.default("X-Hub-Signature-256").describe("For webhooks: the header with the HMAC-SHA256 of the body"),
  ),
  signaturePrefix: advanced(HeaderText.default("sha256=").describe("What stands before the signature")),
  deliveryHeader: advanced(HeaderText.default("X-Delivery-Id").describe("For webhooks: the header that names the delivery")),
  delivery: advanced(z.string().max(1_000).optional().describe("Or an expression over body that names it")),
  timestamp: advanced(
    z.string().max(1_000).optional().describe("When it happened (CEL over body): older messages than known ones are dropped"),
  ),
});
export type HttpSettings = z.output<typeof HttpSettings>;
