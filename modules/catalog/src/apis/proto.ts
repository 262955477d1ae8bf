import type { ApiDocument, ApiField, ApiGroup } from "@roadbed/contracts/api-document/open-api";
import protobuf from "protobufjs";

/** A `.proto` file as a flat list of what it declares, by full name. */
export interface ProtoFile {
  readonly package: string;
  readonly services: ReadonlyMap<string, ReadonlyMap<string, ProtoMethod>>;
  readonly messages: ReadonlyMap<string, ReadonlyMap<string, ProtoField>>;
  readonly enums: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

export interface ProtoMethod {
  readonly request: string;
  readonly response: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly comment: string | undefined;
}

export interface ProtoField {
  readonly id: number;
  /** As it would be written, with `repeated` or `map<...>`. */
  readonly type: string;
  readonly required: boolean;
  readonly comment: string | undefined;
}

/** Throws the parser's error, with its line, when the text is no protocol buffers file. */
export function parseProto(text: string): ProtoFile {
  const { root, package: name = "" } = protobuf.parse(text, { keepCase: true, alternateCommentMode: true });
  const services = new Map<string, Map<string, ProtoMethod>>();
  const messages = new Map<string, Map<string, ProtoField>>();
  const enums = new Map<string, Readonly<Record<string, number>>>();
  visit(root);
  return { package: name, services, messages, enums };

  function visit(at: protobuf.NamespaceBase): void {
    for (const item of at.nestedArray) {
      const fullName = item.fullName.replace(/^\./, "");
      if (item instanceof protobuf.Service)
        services.set(fullName, new Map(item.methodsArray.map((method) => [method.name, methodOf(method)])));
      if (item instanceof protobuf.Type) messages.set(fullName, new Map(item.fieldsArray.map((field) => [field.name, fieldOf(field)])));
      if (item instanceof protobuf.Enum) enums.set(fullName, { ...item.values });
      if (item instanceof protobuf.Namespace) visit(item);
    }
  }
}

function methodOf(method: protobuf.Method): ProtoMethod {
  return {
    request: method.requestType,
    response: method.responseType,
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    comment: method.comment ?? undefined,
  };
}

function fieldOf(field: protobuf.Field): ProtoField {
  const type =
    field instanceof protobuf.MapField ? `map<${field.keyType}, ${field.type}>` : `${field.repeated ? "repeated " : ""}${field.type}`;
  return { id: field.id, type, required: field.required, comment: field.comment ?? undefined };
}

/** Services as groups, their methods as operations. */
export function readProto(text: string): ApiDocument {
  const file = parseProto(text);
  const groups = [...file.services].map(([service, methods]): ApiGroup => ({
    name: service,
    description: undefined,
    operations: [...methods].map(([name, method]) => ({
      method: "RPC",
      path: `${name}(${streamed(method.requestStream, method.request)}) → ${streamed(method.responseStream, method.response)}`,
      id: `${service}.${name}`,
      name: undefined,
      scope: undefined,
      risk: undefined,
      summary: method.comment?.split("\n", 1)[0] ?? "",
      description: method.comment,
      deprecated: false,
      parameters: [],
      body: fieldsOfMessage(file, method.request, 0),
      responses: [{ status: "200", description: method.response, fields: fieldsOfMessage(file, method.response, 0) }],
    })),
  }));
  return { title: file.package === "" ? "gRPC" : file.package, version: "", groups };
}

function streamed(stream: boolean, type: string): string {
  return stream ? `stream ${type}` : type;
}

const DEEP = 3;

function fieldsOfMessage(file: ProtoFile, type: string, depth: number): readonly ApiField[] {
  const fields = file.messages.get(type) ?? file.messages.get(file.package === "" ? type : `${file.package}.${type}`);
  if (!fields || depth >= DEEP) return [];
  return [...fields].map(([name, field]) => ({
    name,
    where: "message",
    type: `${field.type} = ${field.id}`,
    required: field.required,
    description: field.comment,
    fallback: undefined,
    bounds: undefined,
    example: undefined,
    fields: fieldsOfMessage(file, field.type.replace(/^repeated |^map<\w+, |>$/g, ""), depth + 1),
  }));
}
