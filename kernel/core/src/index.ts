export { formatActor, type Actor, type Call, type Ctx, type Face, type Logger, type Row, type Sql } from "./ctx.ts";
export {
  CancelledError,
  ConflictError,
  DeniedError,
  DomainError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  TooLargeError,
  TooManyError,
  UnauthenticatedError,
  UnavailableError,
  type ErrorCode,
  type Problem,
} from "./errors.ts";
export { defineEvent, type DomainEvent, type EventType, type Subscription } from "./event.ts";
export { idSchema, newId } from "./id.ts";
export { examine, parseInput, toProblem, type Examined } from "./input/examine.ts";
export { explainJson } from "./input/explain-json.ts";
export type { Fault } from "./input/word-issue.ts";
export {
  defineOperation,
  handle,
  perform,
  type CliHints,
  type Follow,
  type Handler,
  type HttpRoute,
  type InputOf,
  type Operation,
  type OutputOf,
  type ParsedInputOf,
  type ResourceRef,
  type Risk,
  type Runtime,
} from "./operation.ts";
export { decodeCursor, encodeCursor, PageInput, pageOf, readCursor } from "./page.ts";
export {
  closestWord,
  fieldsOf,
  inputJsonSchema,
  outputJsonSchema,
  takesUnknownFields,
  unknownFields,
  unwrap,
  type JsonSchema,
  type JsonSchemaOptions,
} from "./schema.ts";
/** The one zod of the platform, for packages that only need a schema now and then. */
export { z } from "zod";
