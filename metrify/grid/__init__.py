"""Feeders: their network and power flow, what can be controlled, and what controls it."""
