"""The door of the cloud: who comes in, how often, with how much, and what they are told when they may not."""
