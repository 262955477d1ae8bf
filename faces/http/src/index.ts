export { httpFace, type HttpFaceOptions } from "./operation/http-face.ts";
export { type Authenticate, type Caller } from "./operation/caller.ts";
export { openapi, type OpenApiOptions } from "./openapi/openapi.ts";
export { sseFace, type SseFaceOptions, type Stream } from "./stream/sse-face.ts";
