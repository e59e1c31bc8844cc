"""Which meter-days are not as they should be, what they may be, and how well that is found."""
