"""Commands of the system's keeper: deploy, serve, load, verify."""
