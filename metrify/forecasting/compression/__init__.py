"""Makes exported networks smaller: pruned or 8-bit weights. Trees have neither and stay as they are."""
