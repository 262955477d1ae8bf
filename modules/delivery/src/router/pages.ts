import type { IncomingMessage, ServerResponse } from "node:http";

import type { Target } from "./table.ts";

interface Words {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** Seconds after which asking again makes sense. */
  readonly again?: number;
}

const WORDS: Record<"starting" | "crashed" | "late" | "stopped" | "failed" | "job" | "unknown", Words> = {
  starting: {
    status: 503,
    title: "It is starting",
    text: "The workload has been started and is not healthy yet. This page looks again by itself.",
    again: 2,
  },
  crashed: {
    status: 502,
    title: "It crashed",
    text: "The workload's process ended or does not answer. It is started again with growing pauses.",
    again: 5,
  },
  late: {
    status: 504,
    title: "It took too long",
    text: "The workload did not begin to answer in the time it has. It was not asked again.",
  },
  stopped: { status: 503, title: "It is stopped", text: "Somebody stopped this workload. It starts when it is restarted or deployed." },
  failed: { status: 502, title: "It was never deployed well", text: "No deployment of this workload has become healthy yet." },
  job: { status: 404, title: "It is a job", text: "It runs by a schedule and answers no requests. Its page in Roadbed shows when it ran." },
  unknown: { status: 404, title: "Nothing is here", text: "No workload is known under this address. Addresses look like /dev/<name>/." },
};

/** Explains why nothing can be served: as a page for people, as text for programs. */
export function answerPage(request: IncomingMessage, response: ServerResponse, target: Target | undefined): void {
  const state = target?.state;
  const words = WORDS[state?.kind === "absent" ? state.why : state === undefined ? "unknown" : "crashed"];
  const detail = state?.kind === "absent" ? state.detail : undefined;
  const forPeople = request.headers.accept?.includes("text/html") === true;
  const body = forPeople
    ? page(words, target?.prefix, detail)
    : `${words.title}. ${words.text}${detail === undefined ? "" : `\n${detail}`}\n`;
  response.writeHead(words.status, {
    "content-type": forPeople ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    ...(words.again === undefined ? {} : { "retry-after": String(words.again) }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function page({ title, text, again }: Words, prefix: string | undefined, detail: string | undefined): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
${again === undefined ? "" : `<meta http-equiv="refresh" content="${again}">`}
<title>${title}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 15vh auto; max-width: 34rem; padding: 0 1.5rem }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
code { opacity: .8 }
</style>
</head>
<body>
<main>
<h1>${title}</h1>
${prefix === undefined ? "" : `<p><code>${escape(prefix)}</code></p>`}
<p>${escape(text)}</p>
${detail === undefined ? "" : `<pre>${escape(detail)}</pre>`}
</main>
</body>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
