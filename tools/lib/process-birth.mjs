/** Which process is meant by a number: numbers are used again, a number with its time of birth is not. Node 18. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** When the process began, as a text to compare; undefined when there is no such process, or it only waits to be buried. */
export function birthOf(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? birthFromProc(pid) : birthFromPs(pid);
}

/** Whether the process that was noted as `{ pid, birth }` still lives. */
export function isAlive({ pid, birth }) {
  const now = birthOf(pid);
  return now !== undefined && (birth === undefined || birth === now);
}

function birthFromProc(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name, in brackets, may hold anything; state is the first field after it, the start time the twentieth.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

function birthFromPs(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== "EPERM") return undefined;
  }
  try {
    return (
      execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() ||
      undefined
    );
  } catch {
    return "alive"; // no `ps` here: believe the number
  }
}
