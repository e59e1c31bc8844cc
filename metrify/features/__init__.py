"""Features: the one specification that training and serving share."""
