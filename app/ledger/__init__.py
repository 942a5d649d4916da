"""The ledger's typed face: commands in, results or ``DomainError`` out; proof by replay and seal."""
