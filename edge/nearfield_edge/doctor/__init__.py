"""What is fine on this machine, what is not, and how to mend it."""
