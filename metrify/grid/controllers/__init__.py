"""What controls a feeder: each observes its state and what is expected, and returns setpoints."""
