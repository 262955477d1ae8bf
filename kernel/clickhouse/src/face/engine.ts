/** The parts of chDB that we use, in our words; typed here because the package is optional. */
export interface EngineSession {
  queryAsync(sql: string, o: { format: string }): Promise<EngineResult>;
  queryStream(sql: string, o: { format: string }): EngineStream;
  close(): void;
}
export interface EngineResult {
  readonly elapsed: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
  bytes(): Uint8Array;
}
export interface EngineStream extends AsyncIterable<{ readonly numRows: number; raw(): Uint8Array }> {
  cancel(): void;
}

/** Opens a session on the one data directory of this process. */
export type OpenSession = () => EngineSession;

/**
 * Loads the engine and opens its data directory. The configuration file counts for the whole process; the first
 * session is kept open for ever, since the engine stops with its last one.
 */
export async function loadEngine(dataDir: string, configFile: string): Promise<OpenSession> {
  const name = "chdb";
  const { Session } = (await import(name)) as {
    Session: new (path: string, o?: { connectionArgs: readonly string[] }) => EngineSession;
  };
  const first = new Session(dataDir, { connectionArgs: [`--config-file=${configFile}`] });
  await first.queryAsync("select 1", { format: "Null" });
  return () => new Session(dataDir);
}
