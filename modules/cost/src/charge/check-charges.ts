import { checkCharges } from "@roadbed/contracts/cost";
import { handle, type Handler } from "@roadbed/core";

import { formatDecimal } from "./decimal.ts";
import { readFocus } from "./read-focus.ts";
import { totalCharges } from "./total-charges.ts";

/** What a file would come to, before anybody takes it. Nothing is stored. */
export function makeCheckCharges(): Handler {
  return handle(checkCharges, async (_ctx, { csv, findings: most }) => {
    const { version, rows, charges, findings, notes } = readFocus(csv);
    return {
      version,
      rows,
      counted: charges.length,
      refused: rows - charges.length,
      totals: totalCharges(charges).map(({ billed, effective, list, contracted, ...total }) => ({
        ...total,
        billed: formatDecimal(billed),
        effective: formatDecimal(effective),
        ...(list === undefined ? {} : { list: formatDecimal(list) }),
        ...(contracted === undefined ? {} : { contracted: formatDecimal(contracted) }),
      })),
      // What keeps a row out comes first: a long list of small things must not hide it.
      findings: [...findings.filter(({ counts }) => !counts), ...findings.filter(({ counts }) => counts)].slice(0, most),
      allFindings: findings.length,
      notes: [...notes],
    };
  });
}
