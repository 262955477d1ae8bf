/** Calls `check` until it neither throws nor answers false; rethrows its last error after `ms`. Answers what it answered. */
export async function eventually<T>(check: () => T | Promise<T>, ms = 25_000): Promise<T> {
  for (const until = Date.now() + ms; ;) {
    try {
      const value = await check();
      if (value !== false) return value;
      if (Date.now() > until) throw new Error(`still false after ${ms} ms`);
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
