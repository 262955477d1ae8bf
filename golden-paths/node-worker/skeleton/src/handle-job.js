/** Does one job; throws when it cannot. What it answers is logged. */
export async function handleJob(job) {
  if (job.type !== "count-words") throw new Error(`nobody knows how to do "${job.type}"`);
  const words = job.text.split(/\s+/).filter(Boolean).length;
  return { words };
}
