import { EvaluationError, type Environment } from "@marcbachmann/cel-js";

/** Kubernetes' `url` library: absolute URLs and absolute paths. */
export function registerUrl(environment: Environment): void {
  const add = (signature: string, run: (...args: any[]) => unknown): void => void environment.registerFunction(signature, run, SYNC);
  environment.registerType("kubernetes.URL", ParsedUrl);
  environment.registerOperator(`${TYPE} == ${TYPE}`, (a: ParsedUrl, b: ParsedUrl) => a.text === b.text);
  add(`url(string): ${TYPE}`, parseOrThrow);
  add("isURL(string): bool", (text: string) => parse(text) !== undefined);
  add(`${TYPE}.getScheme(): string`, ({ url, relative }: ParsedUrl) => (relative ? "" : url.protocol.slice(0, -1)));
  add(`${TYPE}.getHost(): string`, ({ url, relative }: ParsedUrl) => (relative ? "" : url.host));
  add(`${TYPE}.getHostname(): string`, ({ url, relative }: ParsedUrl) => (relative ? "" : url.hostname.replace(/^\[|\]$/g, "")));
  add(`${TYPE}.getPort(): string`, ({ url }: ParsedUrl) => url.port);
  add(`${TYPE}.getEscapedPath(): string`, ({ url, text }: ParsedUrl) => (url.pathname === "/" && !hasPath(text) ? "" : url.pathname));
  add(`${TYPE}.getQuery(): map<string, list<string>>`, ({ url }: ParsedUrl) => queryOf(url));
}

const SYNC = { async: false } as never;
const TYPE = "kubernetes.URL";

class ParsedUrl {
  readonly text: string;
  readonly url: URL;
  readonly relative: boolean;
  constructor(text: string, url: URL, relative: boolean) {
    this.text = text;
    this.url = url;
    this.relative = relative;
  }
}

function parse(text: string): ParsedUrl | undefined {
  const relative = text.startsWith("/") && !text.startsWith("//");
  if (!relative && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return undefined;
  if (/\s/.test(text) || !URL.canParse(text, relative ? "http://none" : undefined)) return undefined;
  return new ParsedUrl(text, new URL(text, relative ? "http://none" : undefined), relative);
}

function parseOrThrow(text: string): ParsedUrl {
  const parsed = parse(text);
  if (!parsed) throw new EvaluationError({ code: "invalid_url", message: `"${text}" is not a URL` });
  return parsed;
}

function hasPath(text: string): boolean {
  return /^[^/?#]*(?:\/\/[^/?#]*)?\//.test(text);
}

function queryOf(url: URL): Map<string, string[]> {
  const query = new Map<string, string[]>();
  for (const [key, value] of url.searchParams) query.set(key, [...(query.get(key) ?? []), value]);
  return query;
}
