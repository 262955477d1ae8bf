import type { Setting } from "../finding.ts";
import { isRecord, textOf } from "./text.ts";

const SECRET = /pass(?:word|wd)?$|secret|token|api_?key|private_?key|credential/i;
/** Values worth keeping: addresses, host names with a port, names of a service. */
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/|^[a-z0-9][a-z0-9.-]*:\d{2,5}(?:$|[/,])|^jdbc:/i;
const HOST_NAME = /(?:^|_)(?:HOST|HOSTNAME|HOSTS|ADDR|ADDRESS|SERVER|SERVERS|BROKERS?|ENDPOINT|URL|URI|DSN|SERVICE|TARGET|BASE)(?:$|_)/i;
const PLAIN_HOST = /^[a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?(?::\d{2,5})?$/i;

/**
 * A variable whose value names another program, with user name and password cut out; undefined for everything else. What
 * is kept here may be shown to people, so a value is kept only when it is an address.
 */
export function settingOf(name: string, value: unknown, place: { file: string; line: number }): Setting | undefined {
  const text = textOf(value);
  if (text === undefined || text.length > 500 || SECRET.test(name)) return undefined;
  if (!ADDRESS.test(text) && !(HOST_NAME.test(name) && PLAIN_HOST.test(text))) return undefined;
  return { name, value: withoutSecrets(text), file: place.file, line: place.line };
}

/** `postgres://app:secret@db:5432/orders?password=x` becomes `postgres://db:5432/orders`. */
export function withoutSecrets(address: string): string {
  return address.replaceAll(/\/\/[^/@\s]*@/g, "//").replaceAll(/[?#;]\S*$/g, "");
}

/** Variables of a Compose service or a container: a map, a list of `NAME=value`, or a list of `{ name, value }`. */
export function settingsOf(given: unknown, file: string, lineOf: (path: readonly (string | number)[]) => number): readonly Setting[] {
  const found: Setting[] = [];
  const add = (name: string, value: unknown, path: readonly (string | number)[]): void => {
    // Asking for the line parses the file once more: only for what is kept.
    if (!settingOf(name, value, { file, line: 0 })) return;
    found.push(settingOf(name, value, { file, line: lineOf(path) })!);
  };
  if (isRecord(given)) for (const [name, value] of Object.entries(given)) add(name, value, [name]);
  if (Array.isArray(given)) {
    given.forEach((entry: unknown, at) => {
      if (isRecord(entry)) return add(textOf(entry.name) ?? "", entry.value, [at]);
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(String(entry)) ?? [];
      if (name !== undefined) add(name, value, [at]);
    });
  }
  return found;
}
