import { parseProto, type ProtoField, type ProtoFile, type ProtoMethod } from "../proto.ts";
import type { Report } from "./change.ts";

/** Compares two `.proto` files: by names for who compiles, by numbers for who sends bytes. */
export function diffProto(before: string, after: string, report: Report): void {
  const [old, now] = [parseProto(before), parseProto(after)];
  if (old.package !== now.package) report.add("breaking", "package", `is ${now.package}, was ${old.package}`);
  diffServices(old, now, report);
  diffMessages(old, now, report);
  diffEnums(old, now, report);
}

function diffServices(old: ProtoFile, now: ProtoFile, report: Report): void {
  for (const [service, methods] of old.services) {
    const others = now.services.get(service);
    if (!others) report.add("breaking", service, "the service is gone");
    else for (const [name, method] of methods) diffMethods(`${service}.${name}`, method, others.get(name), report);
  }
  for (const [service, methods] of now.services) {
    if (!old.services.has(service)) report.add("safe", service, "the service is new");
    for (const name of methods.keys()) {
      if (old.services.get(service)?.has(name) === false) report.add("safe", `${service}.${name}`, "is new");
    }
  }
}

function diffMethods(at: string, old: ProtoMethod, now: ProtoMethod | undefined, report: Report): void {
  if (!now) return report.add("breaking", at, "is gone");
  if (old.request !== now.request) report.add("breaking", at, `takes ${now.request}, took ${old.request}`);
  if (old.response !== now.response) report.add("breaking", at, `answers ${now.response}, answered ${old.response}`);
  if (old.requestStream !== now.requestStream) report.add("breaking", at, `${now.requestStream ? "takes" : "no longer takes"} a stream`);
  if (old.responseStream !== now.responseStream)
    report.add("breaking", at, `${now.responseStream ? "answers" : "no longer answers"} by a stream`);
}

function diffMessages(old: ProtoFile, now: ProtoFile, report: Report): void {
  for (const [message, fields] of old.messages) {
    const others = now.messages.get(message);
    if (!others) report.add("breaking", message, "the message is gone");
    else diffFields(message, fields, others, report);
  }
  for (const message of now.messages.keys()) if (!old.messages.has(message)) report.add("safe", message, "the message is new");
}

function diffFields(message: string, old: ReadonlyMap<string, ProtoField>, now: ReadonlyMap<string, ProtoField>, report: Report): void {
  const byNumber = new Map([...now].map(([name, field]) => [field.id, { name, ...field }]));
  for (const [name, field] of old) {
    const other = byNumber.get(field.id);
    if (!other) report.add("breaking", message, `\`${name}\` (number ${field.id}) is gone`);
    else if (other.type !== field.type)
      report.add("breaking", message, `\`${other.name}\` (number ${field.id}) is ${other.type}, was ${field.type}`);
    else if (other.name !== name) report.add("risky", message, `\`${name}\` (number ${field.id}) is called \`${other.name}\` now`);
    if (!field.required && other?.required === true) report.add("breaking", message, `\`${name}\` is required now`);
  }
  const numbers = new Set([...old.values()].map(({ id }) => id));
  for (const [name, { id, required }] of now) {
    if (!numbers.has(id))
      report.add(required ? "breaking" : "safe", message, `\`${name}\` (number ${id}) is new${required ? " and required" : ""}`);
  }
}

function diffEnums(old: ProtoFile, now: ProtoFile, report: Report): void {
  for (const [name, values] of old.enums) {
    const others = now.enums.get(name);
    if (!others) report.add("breaking", name, "the enum is gone");
    else {
      for (const [value, number] of Object.entries(values)) {
        if (others[value] === undefined) report.add("breaking", name, `the value ${value} is gone`);
        else if (others[value] !== number) report.add("breaking", name, `the value ${value} is ${others[value]}, was ${number}`);
      }
      for (const value of Object.keys(others)) if (values[value] === undefined) report.add("risky", name, `the value ${value} is new`);
    }
  }
}
