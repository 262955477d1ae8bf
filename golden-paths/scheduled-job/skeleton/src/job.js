/**
 * What is done each time. `signal` says that it is to end: the deadline is over, or somebody stopped it. Answers what is worth a
 * line in the log; throws when it cannot do its work, and the run counts as failed.
 */
export async function job({ telemetry, signal, now = new Date() }) {
  const words = ["this", "is", "where", "your", "work", "goes"];
  let letters = 0;
  for (const word of words) {
    signal.throwIfAborted();
    letters += await telemetry.withSpan("count", { attributes: { word } }, async () => word.length);
  }
  telemetry.count("job.words", words.length);
  return { words: words.length, letters, day: now.toISOString().slice(0, 10) };
}
