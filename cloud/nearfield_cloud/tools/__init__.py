"""Tools: what the assistant calls elsewhere, over MCP or HTTP, each within its schema, rights and limits."""
