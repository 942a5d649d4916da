"""The business: definitions as data, the engine that moves cases, the checks it shows."""
