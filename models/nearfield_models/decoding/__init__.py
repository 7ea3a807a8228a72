"""Speech decoded inside a grammar: the search that makes sentence templates a recogniser."""
