/** An object as it stands in a file: what makes it one, and whatever else it holds. */
export interface Manifest extends Record<string, unknown> {
  readonly apiVersion?: unknown;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: unknown } & Readonly<Record<string, unknown>>;
}
