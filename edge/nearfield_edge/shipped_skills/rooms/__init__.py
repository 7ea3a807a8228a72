"""A meeting-room device: book, extend, release, who has it, what is free."""
