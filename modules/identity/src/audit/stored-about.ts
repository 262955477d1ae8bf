import { formatActor, type Ctx } from "@roadbed/core";

interface Stored {
  readonly where: string;
  readonly what: string;
  readonly rows: number;
  readonly kept: string;
  readonly readBy: string;
}

/** Where the name of whoever asks stands, how often, and who reads it there. */
export async function storedAbout({ sql, actor }: Pick<Ctx, "sql" | "actor">): Promise<readonly Stored[]> {
  const name = formatActor(actor);
  const id = "id" in actor ? actor.id : "";
  const count = async (text: string, value: string): Promise<number> =>
    (await sql.query<{ n: number }>(`select count(*)::integer as n ${text}`, [value])).rows[0]!.n;
  const [account, sessions, tokens, audit, events] = await Promise.all([
    count("from identity.user_account where id = $1", id),
    count("from identity.session where user_id = $1", id),
    count("from identity.access_token where owner_id = $1", id),
    count("from kernel.audit where actor = $1", name),
    count("from kernel.event where actor = $1", name),
  ]);
  return [
    {
      where: "account",
      what: "your name, e-mail address and role",
      rows: account,
      kept: "until it is deleted",
      readBy: "everybody who is signed in; the address administrators only",
    },
    { where: "sessions", what: "when you signed in and were last here", rows: sessions, kept: "until they end", readBy: "you" },
    {
      where: "tokens",
      what: "names and scopes of your tokens, never the tokens",
      rows: tokens,
      kept: "until you delete them",
      readBy: "you and administrators",
    },
    {
      where: "audit log",
      what: "what you changed, never what you read",
      rows: audit,
      kept: "for good: it is append-only",
      readBy: "who has identity:audit",
    },
    {
      where: "events",
      what: "what happened because of you",
      rows: events,
      kept: "with the event log",
      readBy: "who may see what it is about",
    },
  ];
}
