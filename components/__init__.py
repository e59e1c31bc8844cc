"""Pipeline components: one folder a step, each one import and one call of a step in the library."""
