import { Optional, type Environment } from "@marcbachmann/cel-js";

/** Kubernetes' `format` library: `format.dns1123Label().validate(text)`, `format.named("uuid")`. */
export function registerFormat(environment: Environment): void {
  const add = (signature: string, run: (...args: any[]) => unknown): void => void environment.registerFunction(signature, run, SYNC);
  environment.registerType("FormatNamespace", FormatNamespace).registerConstant("format", "FormatNamespace", new FormatNamespace());
  environment.registerType(TYPE, Format);
  for (const name of Object.keys(FORMATS)) add(`FormatNamespace.${name}(): ${TYPE}`, () => new Format(name));
  add(`FormatNamespace.named(string): optional<${TYPE}>`, (_: FormatNamespace, name: string) =>
    Object.hasOwn(FORMATS, name) ? Optional.of(new Format(name)) : Optional.none(),
  );
  add(`${TYPE}.validate(string): optional<list<string>>`, ({ name }: Format, text: string) => {
    const reasons = FORMATS[name]?.(text) ?? [];
    return reasons.length === 0 ? Optional.none() : Optional.of(reasons);
  });
}

const SYNC = { async: false } as never;
const TYPE = "kubernetes.NamedFormat";

class FormatNamespace {}

class Format {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

type Check = (text: string) => string[];

/** The words of Kubernetes, so that a message reads the same on both sides. */
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const QUALIFIED =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

const label = shaped(/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/, LABEL, 63);
const subdomain = shaped(/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/, SUBDOMAIN, 253);
const label1035 = shaped(/^[a-z](?:[-a-z0-9]*[a-z0-9])?$/, LABEL_1035, 63);

const FORMATS: Record<string, Check> = {
  dns1123Label: label,
  dns1123Subdomain: subdomain,
  dns1035Label: label1035,
  dns1123LabelPrefix: (text) => label(text.replace(/-$/, "a")),
  dns1123SubdomainPrefix: (text) => subdomain(text.replace(/-$/, "a")),
  dns1035LabelPrefix: (text) => label1035(text.replace(/-$/, "a")),
  qualifiedName,
  labelValue: shaped(/^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/, LABEL_VALUE, 63),
  uri: (text) => (URL.canParse(text) || (text.startsWith("/") && !/\s/.test(text)) ? [] : ["must be a valid URI"]),
  uuid: shaped(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, "does not match the UUID format", 36),
  byte: (text) => (/^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? [] : ["must be base64"]),
  date: (text) => (/^\d{4}-\d{2}-\d{2}$/.test(text) && isReal(`${text}T00:00:00Z`, text) ? [] : ["must be a date, e.g. 2024-01-31"]),
  datetime: (text) =>
    /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text))
      ? []
      : ["must be an instant, e.g. 2024-01-31T12:00:00Z"],
};

function shaped(shape: RegExp, reason: string, longest: number): Check {
  return (text) => {
    if (text.length > longest) return [`must be no more than ${longest} characters`];
    return shape.test(text) ? [] : [reason];
  };
}

function qualifiedName(text: string): string[] {
  const parts = text.split("/");
  if (parts.length > 2) return ["a qualified name must have at most one '/'"];
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? (parts[0] ?? "") : undefined;
  const reasons = prefix === undefined ? [] : prefix === "" ? ["prefix part must be non-empty"] : subdomain(prefix);
  if (name === "") return [...reasons, "name part must be non-empty"];
  return [...reasons, ...shaped(/^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/, QUALIFIED, 63)(name)];
}

/** February has no 30th: a date that comes back as another is none. */
function isReal(instant: string, date: string): boolean {
  const parsed = new Date(instant);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
}
