"""Who may do and see what: policies, roles, sign-in."""
