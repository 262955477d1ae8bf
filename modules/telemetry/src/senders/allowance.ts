/** What may be used per minute. A minute's worth may come at once; what goes beyond is a debt that has to be waited for. */
export interface Allowance {
  /** Seconds to wait before anything is taken again; 0: now. */
  wait(now: number): number;
  use(amount: number, now: number): void;
  /** Another rate from now on. */
  limit(perMinute: number): void;
}

const MINUTE_MS = 60_000;

export function createAllowance(perMinute: number, now: number): Allowance {
  let rate = perMinute;
  let left = perMinute;
  let at = now;

  function refill(to: number): void {
    // A clock that is set back gives nothing and takes nothing.
    left = Math.min(rate, left + (Math.max(0, to - at) / MINUTE_MS) * rate);
    at = to;
  }

  return {
    wait(to) {
      refill(to);
      return left > 0 ? 0 : Math.max(1, Math.ceil((-left / rate) * 60));
    },
    use(amount, to) {
      refill(to);
      left -= amount;
    },
    limit(next) {
      left = Math.min(left, next);
      rate = next;
    },
  };
}
