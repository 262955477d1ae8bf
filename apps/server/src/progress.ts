/** The lines a person sees while the server starts. */
export interface Progress {
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  say(line: string): void;
}

export function createProgress(write: (line: string) => void): Progress {
  return {
    async step(name, work) {
      const began = Date.now();
      try {
        const result = await work();
        write(`  ✓ ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
        return result;
      } catch (error) {
        write(`  ✗ ${name}`);
        throw error;
      }
    },
    say: write,
  };
}
