import { workerData } from "node:worker_threads";

const LOOK_MS = 1_000;

/** A thread beside a template that may never give its own thread back: when the server is gone, nobody else would end it. */
setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL");
}, LOOK_MS);
