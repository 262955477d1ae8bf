/** What an image or an address says about the resource behind it. */
export interface Engine {
  readonly name: string;
  /** `spec.type` of the resource. */
  readonly type: "database" | "cache" | "queue" | "search" | "object-store";
}

const ENGINES: readonly (readonly [RegExp, Engine])[] = [
  [/^(?:postgres(?:ql)?|postgis|timescaledb|pgvector|supabase-postgres|spilo)/, { name: "postgres", type: "database" }],
  [/^(?:mysql|percona)/, { name: "mysql", type: "database" }],
  [/^mariadb/, { name: "mariadb", type: "database" }],
  [/^mongo(?:db)?/, { name: "mongodb", type: "database" }],
  [/^(?:clickhouse)/, { name: "clickhouse", type: "database" }],
  [/^(?:cockroach(?:db)?)/, { name: "cockroachdb", type: "database" }],
  [/^(?:cassandra|scylla)/, { name: "cassandra", type: "database" }],
  [/^(?:neo4j)/, { name: "neo4j", type: "database" }],
  [/^(?:mssql|sqlserver|azure-sql-edge)/, { name: "sqlserver", type: "database" }],
  [/^(?:dynamodb)/, { name: "dynamodb", type: "database" }],
  [/^(?:redis|rediss|valkey|dragonfly|keydb)/, { name: "redis", type: "cache" }],
  [/^memcached/, { name: "memcached", type: "cache" }],
  [/^(?:rabbitmq|amqps?)/, { name: "rabbitmq", type: "queue" }],
  [/^(?:kafka|cp-kafka|redpanda)/, { name: "kafka", type: "queue" }],
  [/^(?:nats)/, { name: "nats", type: "queue" }],
  [/^(?:pulsar)/, { name: "pulsar", type: "queue" }],
  [/^(?:activemq|artemis)/, { name: "activemq", type: "queue" }],
  [/^(?:elasticsearch|opensearch|meilisearch|solr|typesense)/, { name: "search", type: "search" }],
  [/^(?:minio|s3)/, { name: "object-store", type: "object-store" }],
];

const PORTS: ReadonlyMap<number, Engine> = new Map(
  (
    [
      [5432, "postgres"],
      [3306, "mysql"],
      [27017, "mongodb"],
      [1433, "sqlserver"],
      [26257, "cockroachdb"],
      [9042, "cassandra"],
      [6379, "redis"],
      [11211, "memcached"],
      [5672, "rabbitmq"],
      [9092, "kafka"],
      [4222, "nats"],
      [9200, "elasticsearch"],
    ] as const
  ).map(([port, name]) => [port, engineOf(name)!]),
);

/** The engine that an image, a scheme or a host of this name is. */
export function engineOf(name: string): Engine | undefined {
  return ENGINES.find(([pattern]) => pattern.test(name))?.[1];
}

export function engineOfPort(port: number | undefined): Engine | undefined {
  return port === undefined ? undefined : PORTS.get(port);
}

/** An address taken apart; undefined when it names nothing that could be found again. */
export interface Address {
  readonly scheme: string | undefined;
  /** First label of the host: the name of a Kubernetes or Compose service. */
  readonly label: string;
  readonly host: string;
  readonly port: number | undefined;
  /** First part of the path: the name of a database. */
  readonly path: string | undefined;
}

const NOWHERE =
  /^(?:localhost|127\.|0\.0\.0\.0|::1|example\.|.*\.example\.(?:com|org)$|host\.docker\.internal|\d+\.\d+\.\d+\.\d+$|your|changeme|todo|true|false|null|none)/i;

export function readAddress(text: string): Address | undefined {
  const [, scheme, host, port, path] =
    /^(?:jdbc:)?(?:([a-z][a-z0-9+.-]*):(?:[a-z]+:)?\/\/)?([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(\d{2,5}))?(?:[,][^/]*)?(?:\/([\w.-]+))?/i.exec(
      text,
    ) ?? [];
  if (host === undefined || NOWHERE.test(host) || host.length < 2 || /^\d+$/.test(host)) return undefined;
  return {
    scheme: scheme?.toLowerCase().replace(/\+.*$/, ""),
    label: host.split(".")[0]!.toLowerCase(),
    host: host.toLowerCase(),
    port: port === undefined ? undefined : Number(port),
    path: path?.toLowerCase(),
  };
}

/** Images that everybody may pull and nobody here wrote. */
export function isPublicImage(image: string): boolean {
  const [first = "", ...rest] = image.split("/");
  const hasRegistry = rest.length > 0 && /[.:]/.test(first);
  if (!hasRegistry)
    return (
      rest.length === 0 ||
      /^(?:bitnami|library|grafana|prom|jaegertracing|otel|hashicorp|confluentinc|apache|elastic|traefik|envoyproxy)$/.test(first)
    );
  return /^(?:docker\.io|quay\.io|registry\.k8s\.io|k8s\.gcr\.io|mcr\.microsoft\.com|public\.ecr\.aws|registry\.access\.redhat\.com)$/.test(
    first,
  );
}
