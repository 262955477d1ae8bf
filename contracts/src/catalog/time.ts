/** What the platform can do here. */
export const operations = [] as const;
