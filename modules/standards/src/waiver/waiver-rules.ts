import type { Policy } from "@roadbed/contracts/standards";
import { deleteWaiverRule, listWaiverRules, saveWaiverRule, type Waiver, type WaiverRule } from "@roadbed/contracts/standards/waivers";
import { formatFault } from "@roadbed/cel";
import {
  encodeCursor,
  formatActor,
  handle,
  InvalidError,
  NotFoundError,
  readCursor,
  z,
  type Handler,
  type Row,
  type Sql,
} from "@roadbed/core";

import type { Expressions } from "../deps.ts";
import type { WaiverParts } from "./parts.ts";

const WAIVER_FIELDS = ["policy", "entity", "namespace", "team", "reason", "owner", "requestedBy", "days"];
const POLICY_FIELDS = ["name", "pack", "severity", "title"];

/** Rules by which waivers are approved when they are asked for. */
export function makeWaiverRules({ cel }: Pick<WaiverParts, "cel">): Handler[] {
  const save = handle(saveWaiverRule, async (ctx, { name, when, maxDays }) => {
    const checked = cel.check(when, { waiver: { fields: WAIVER_FIELDS }, policy: { fields: POLICY_FIELDS } });
    if (!checked.ok || (checked.type !== "bool" && !checked.type.startsWith("dyn"))) {
      const reason = checked.ok ? `gives a ${checked.type}, not true or false` : formatFault(checked.fault);
      throw new InvalidError("The rule's condition is wrong.", {
        problems: [{ at: "when", reason, ...(checked.ok || checked.fault.mend === undefined ? {} : { mend: checked.fault.mend }) }],
      });
    }
    await ctx.sql.query(
      `insert into standards.waiver_rule (name, condition, max_days, set_by, set_at) values ($1, $2, $3, $4, $5)
       on conflict (name) do update set condition = $2, max_days = $3, set_by = $4, set_at = $5`,
      [name, when, maxDays, formatActor(ctx.actor), ctx.now()],
    );
    return { name, when, maxDays, setBy: formatActor(ctx.actor), setAt: ctx.now().toISOString() };
  });

  const list = handle(listWaiverRules, async (ctx, { limit, cursor }) => {
    const after = readCursor(z.string(), cursor) ?? "";
    const rules = await selectRules(ctx.sql, after, limit + 1);
    const items = rules.slice(0, limit);
    const last = items.at(-1);
    return { items, ...(last && rules.length > limit ? { nextCursor: encodeCursor(last.name) } : {}) };
  });

  const remove = handle(deleteWaiverRule, async (ctx, { name }) => {
    const { rowCount } = await ctx.sql.query("delete from standards.waiver_rule where name = $1", [name]);
    if (rowCount === 0) throw new NotFoundError("waiver rule", name, "`roadbed waiver-rule list` shows them.");
    return { removed: name };
  });

  return [save, list, remove];
}

/** The first rule, by name, that approves this waiver. One that fails approves nothing. */
export async function findRule(
  sql: Sql,
  cel: Expressions,
  waiver: Waiver,
  days: number,
  policy: Pick<Policy, "name" | "pack" | "severity" | "title">,
): Promise<string | undefined> {
  const rules = (await selectRules(sql, "", 1_000)).filter(({ maxDays }) => days <= maxDays);
  if (rules.length === 0) return undefined;
  const { entity = "", namespace = "", team = "", reason, owner, requestedBy } = waiver;
  const binding = {
    waiver: { policy: waiver.policy, entity, namespace, team, reason, owner, requestedBy, days },
    policy: { name: policy.name, pack: policy.pack ?? "", severity: policy.severity, title: policy.title },
  };
  const program = cel.createProgram({ names: ["waiver", "policy"], rules: rules.map(({ when }) => ({ expression: when })) });
  const [outcome] = await cel.evaluateBatch({ programs: [program], bindings: [binding] });
  if (outcome?.kind !== "rules") return undefined;
  const at = outcome.rules.findIndex((rule) => rule.kind === "value" && rule.value === true);
  return rules[at]?.name;
}

async function selectRules(sql: Sql, after: string, limit: number): Promise<WaiverRule[]> {
  const { rows } = await sql.query<RuleRow>("select * from standards.waiver_rule where name > $1 order by name limit $2", [after, limit]);
  return rows.map(({ name, condition, max_days, set_by, set_at }) => ({
    name,
    when: condition,
    maxDays: max_days,
    setBy: set_by,
    setAt: set_at.toISOString(),
  }));
}

interface RuleRow extends Row {
  readonly name: string;
  readonly condition: string;
  readonly max_days: number;
  readonly set_by: string;
  readonly set_at: Date;
}
