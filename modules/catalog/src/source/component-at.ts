import type { Sql } from "@roadbed/core";

const SLUGS = { github: "github.com/project-slug", gitlab: "gitlab.com/project-slug" } as const;

/** The component that says by its annotation that its code is there; of several the first by name. */
export async function componentAt(
  sql: Sql,
  { system, repository }: { readonly system: keyof typeof SLUGS; readonly repository: string },
): Promise<string | undefined> {
  const { rows } = await sql.query<{ ref: string }>(
    `select ref from catalog.entity where ref like 'component:%' and lower(document->'metadata'->'annotations'->>$1) = lower($2)
     order by ref limit 1`,
    [SLUGS[system], repository],
  );
  return rows[0]?.ref;
}
