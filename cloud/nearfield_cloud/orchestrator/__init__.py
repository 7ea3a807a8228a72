"""A question becomes an answer: planned, grounded in passages and tools, streamed, within its deadline."""
