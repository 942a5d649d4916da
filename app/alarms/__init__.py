"""违规报警: rules as data, the engine that looks for what they forbid, and the life of what it finds."""
