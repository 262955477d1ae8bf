/** What the catalogue has to reach, what it does, and what Backstage does with the same estate and questions. */
export interface Row {
  readonly size: number;
  readonly name: string;
  readonly measured: number;
}

interface Target {
  readonly name: string;
  readonly words: string;
  /** By number of entities: what is demanded at most. */
  readonly most: Readonly<Record<number, number>>;
  /**
   * Backstage 1.x (plugin-catalog-backend 4.0.0, PostgreSQL, no permissions, no search, 11,670 entities) on a quiet machine of the
   * same kind. Processor time is that of server and database.
   */
  readonly backstage?: number;
}

const [SMALL, LARGE, HUGE] = [11_670, 116_700, 1_000_000];

const TARGETS: readonly Target[] = [
  {
    name: "ingest_ms",
    words: "ingest until all relations are right, ms",
    most: { [SMALL]: 1_500, [LARGE]: 12_000, [HUGE]: 150_000 },
    backstage: 99_700,
  },
  { name: "ingest_cpu_ms", words: "  processor time of it, ms", most: {}, backstage: 133_500 },
  { name: "relations_wrong", words: "relations that are wrong", most: { [SMALL]: 0, [LARGE]: 0, [HUGE]: 0 }, backstage: 0 },
  { name: "server_peak_mb", words: "server, peak memory, MB", most: { [HUGE]: 1_500 }, backstage: 555 },
  { name: "update_1_visible_ms", words: "update of 1 until visible, ms", most: { [SMALL]: 50 }, backstage: 400 },
  { name: "update_100_visible_ms", words: "update of 100 until visible, ms", most: { [SMALL]: 100 }, backstage: 1_360 },
  { name: "webhook_visible_ms", words: "message of a webhook until visible, ms", most: { [SMALL]: 100 }, backstage: 950 },
  { name: "by_name_cpu_ms", words: "by name, processor ms", most: { [SMALL]: 0.15 }, backstage: 0.76 },
  { name: "by_refs_100_cpu_ms", words: "by 100 references, processor ms", most: { [SMALL]: 0.5 }, backstage: 2.33 },
  { name: "owner_50_cpu_ms", words: "50 of an owner, processor ms", most: { [SMALL]: 0.5 }, backstage: 5.2 },
  { name: "owned_by_sorted_20_cpu_ms", words: "20 of an owner, sorted, processor ms", most: {}, backstage: 8.78 },
  { name: "many_conditions_50_cpu_ms", words: "50 by five conditions, processor ms", most: {}, backstage: 14.79 },
  {
    name: "index_page_20_p99_ms",
    words: "sorted page of 20, p99 of 10 connections, ms",
    most: { [SMALL]: 15, [LARGE]: 25 },
    backstage: 250,
  },
  { name: "index_page_20_cpu_ms", words: "  processor ms", most: {}, backstage: 37.32 },
  {
    name: "facets_type_lifecycle_p99_ms",
    words: "facets of type and lifecycle, p99, ms",
    most: { [SMALL]: 15, [LARGE]: 25 },
    backstage: 260,
  },
  { name: "facets_type_lifecycle_cpu_ms", words: "  processor ms", most: {}, backstage: 32.98 },
  { name: "facets_owner_tags_cpu_ms", words: "facets of owner and tags, processor ms", most: {}, backstage: 44.48 },
  {
    name: "search_20_p99_ms",
    words: "full text, ranked, p99, ms (Backstage: unranked)",
    most: { [SMALL]: 20, [LARGE]: 40 },
    backstage: 141,
  },
  { name: "search_20_cpu_ms", words: "  processor ms", most: {}, backstage: 17.73 },
  { name: "blast_radius_alone_p50_ms", words: "blast radius over HTTP, six steps, median, ms", most: { [HUGE]: 5 } },
  {
    name: "blast_radius_whole_alone_worst_ms",
    words: "blast radius over HTTP, of all that can be reached, worst, ms",
    most: { [HUGE]: 150 },
  },
  { name: "idle_cpu_percent_of_server", words: "server at rest, % of a core", most: { [SMALL]: 1, [LARGE]: 1 }, backstage: 9.5 },
  { name: "idle_cpu_percent", words: "server and stores at rest, % of a core", most: {}, backstage: 13 },
  { name: "memory_of_server_mb", words: "server after it all, MB", most: { [SMALL]: 300 }, backstage: 561 },
];

export function printTable(rows: readonly Row[]): void {
  for (const size of new Set(rows.map((row) => row.size))) {
    console.log(`\n${`${size} entities`.padEnd(52)}${"target".padStart(10)}${"measured".padStart(12)}   ${"Backstage".padStart(10)}`);
    for (const { name, words, most, backstage } of TARGETS) {
      const measured = rows.find((row) => row.size === size && row.name === name)?.measured;
      if (measured === undefined) continue;
      const target = most[size];
      const verdict = target === undefined ? " " : measured <= target ? "✓" : "✗";
      // Backstage was measured with the small estate only.
      const peer = size === SMALL && backstage !== undefined ? String(backstage) : "";
      console.log(
        `${words.padEnd(52)}${(target === undefined ? "" : `≤ ${target}`).padStart(10)}${String(measured).padStart(12)} ${verdict} ${peer.padStart(10)}`,
      );
    }
  }
}
