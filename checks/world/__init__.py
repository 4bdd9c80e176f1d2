"""The world round the SDK: the environment, the clocks, the machine, and what must not be in it afterwards."""
