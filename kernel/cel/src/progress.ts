/** What the shared counter of a worker says besides the position of the evaluation under way. */
export const PREPARING = -1;
export const DONE = -2;
