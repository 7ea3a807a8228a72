"""A language model behind one seam: any endpoint that speaks OpenAI's Chat Completions, several in order."""
