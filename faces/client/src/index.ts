export { createClient, type CallOptions, type Client, type ClientOptions } from "./create-client.ts";
export { toError, UnexpectedAnswerError, type WireProblem } from "./to-error.ts";
export { toRequest, type ClientRequest } from "./to-request.ts";
