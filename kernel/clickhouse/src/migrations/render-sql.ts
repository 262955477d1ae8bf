/**
 * One SQL text for the embedded engine and for a cluster. `{{r}}` makes an engine replicated, `{{on_cluster}}` runs a
 * statement on every node, `{{local}}` names the table that holds a node's own rows. In a cluster, a line
 * `-- distributed: spans by cityHash64(trace_id)` becomes the table over all nodes; embedded it stays a comment.
 */
export function renderSql(sql: string, cluster: string | undefined): string {
  const on = cluster === undefined ? "" : `ON CLUSTER ${literal(cluster)}`;
  const words: Readonly<Record<string, string>> = {
    "{{r}}": cluster === undefined ? "" : "Replicated",
    "{{on_cluster}}": on,
    "{{local}}": cluster === undefined ? "" : "_local",
  };
  const text =
    cluster === undefined ? sql : sql.replaceAll(DISTRIBUTED, (_, table: string, key: string) => distributed(table, key, cluster));
  return text.replaceAll(/\{\{\w+\}\}/g, (token) => {
    const word = words[token];
    if (word === undefined) throw new TypeError(`${token} is not one of ${Object.keys(words).join(", ")}`);
    return word;
  });
}

const DISTRIBUTED = /^-- distributed: (\w+) by (.+)$/gm;

function distributed(table: string, key: string, cluster: string): string {
  const engine = `Distributed(${literal(cluster)}, currentDatabase(), ${table}_local, ${key})`;
  return `CREATE TABLE IF NOT EXISTS ${table} {{on_cluster}} AS ${table}_local ENGINE = ${engine};`;
}

function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
