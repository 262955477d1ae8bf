// Judges the prompt by the cases: each gets a score from 0 to 1, as one line of JSON. Here it is the share of what the text must say; call
// your model here and judge what it answers, and give tokens, cost and latencyMs with the score.
import { readFileSync, writeFileSync } from "node:fs";

const subject = JSON.parse(readFileSync(process.env.ROADBED_EVALUATION_SUBJECT, "utf8"));
const lines = readFileSync(process.env.ROADBED_EVALUATION_CASES, "utf8").split("\n");
const cases = lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line));
const text = subject.content.messages.map((message) => message.text).join("\n");

const scores = cases.map(({ id, question, must }) => {
  const asked = text.replaceAll(/\{\{\s*question\s*\}\}/g, question);
  const missing = must.filter((words) => !asked.includes(words));
  return { case: id, score: 1 - missing.length / must.length, ...(missing.length > 0 && { note: "does not say: " + missing.join(", ") }) };
});
writeFileSync(process.env.ROADBED_EVALUATION_RESULTS, scores.map((score) => JSON.stringify(score)).join("\n") + "\n");
