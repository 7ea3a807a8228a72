"""A question becomes an answer: planned, grounded in passages and tools, streamed, within a deadline and a budget."""
