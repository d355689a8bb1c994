// Entry point './mcp': MCP servers as protected resources, with access decorators on tools, resources and prompts.
export { mcpTransport } from '../auth/transports/mcp.js';
export type { McpSdkHandler } from './descope.mcp.js';
export { DescopeMcp } from './descope.mcp.js';
export { McpArguments, McpExtra, McpPrompt, McpResource, McpTool } from './mcp.decorators.js';
export { McpEndpoint } from './mcp.endpoint.js';
export { filterMcpLists } from './mcp-lists.js';
