import type { ReactNode } from "react";

/** The mark: rails on sleepers. */
export function Mark({ size = 22 }: { readonly size?: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="7" fill="#4353c8" />
      <path d="M11 26 14.2 6M21 26 17.8 6" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" fill="none" />
      <path d="M9.5 11h13M8.5 17h15M7.5 23h17" stroke="#c9d0ff" strokeWidth="2.2" strokeLinecap="round" />
    </svg>
  );
}
