export { mcpFace, type McpCaller, type McpFaceOptions } from "./server/mcp-face.ts";
export { toolNameOf, toTool, type Tool } from "./tool/to-tool.ts";
