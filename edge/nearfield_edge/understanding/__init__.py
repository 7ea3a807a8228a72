"""What fits no sentence of any skill: matched by its sound, or guessed as a paraphrase."""
