"""The loopback service: a real socket, real time, a process of its own, and faults on demand."""
