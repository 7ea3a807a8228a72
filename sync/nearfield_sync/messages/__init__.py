"""What travels between device, cloud, page and tools: one file a message domain."""
