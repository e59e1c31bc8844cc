"""Plans by feeder: what is asked, what is expected of its elements, and the answer."""
