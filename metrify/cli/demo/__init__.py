"""`metrify demo`: the whole way on real input, stage by stage."""
