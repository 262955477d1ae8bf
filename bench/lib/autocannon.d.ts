/** What the benchmarks use of it; the package brings no types. */
declare module "autocannon" {
  interface Result {
    readonly requests: { readonly total: number };
    readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
    readonly "2xx": number;
    readonly non2xx: number;
    readonly errors: number;
  }
  export default function autocannon(options: Readonly<Record<string, unknown>>): Promise<Result>;
}
