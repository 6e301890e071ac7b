"""Floor 0: what flows, errors, configuration, the engine registry, the clock. Imports nothing of the floors above."""
