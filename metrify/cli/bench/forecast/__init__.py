"""`metrify bench forecast`: forecasters beside each other, each judged through the graph that is served."""
