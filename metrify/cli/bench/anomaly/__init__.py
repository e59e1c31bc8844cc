"""`metrify bench anomaly`: detectors beside simple rules and PyOD, judged on events that are put into unseen meters."""
