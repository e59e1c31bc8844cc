"""The transformer: turns meter names into features, splits traffic and logs predictions."""
