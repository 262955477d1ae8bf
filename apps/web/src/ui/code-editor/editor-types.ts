/** What is wrong with a text, and where: line and column from 1, without a column the whole line. */
export interface TextProblem {
  readonly line: number;
  readonly column?: number | undefined;
  readonly reason: string;
  readonly mend?: string | undefined;
  readonly severity?: "error" | "warning" | undefined;
}

export interface Suggestion {
  readonly label: string;
  readonly kind: string;
  readonly detail?: string | undefined;
  readonly info?: string | undefined;
  readonly apply?: string | undefined;
}

export interface SuggestAt {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly signal: AbortSignal;
}

/** What may stand there, and from which column on it replaces what is typed; undefined where nothing is known. */
export type Suggest = (at: SuggestAt) => Promise<{ readonly from: number; readonly options: readonly Suggestion[] } | undefined>;
