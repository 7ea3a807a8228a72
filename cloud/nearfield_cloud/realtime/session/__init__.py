"""One session as a pure reducer: what a client or a worker says goes in, events and commands come out."""
