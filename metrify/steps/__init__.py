"""Steps of work: each reads through adapters, calls a domain room and writes through adapters."""
