"""A whole service of its own for a measurement, with parts that can be killed, frozen and moved in time."""
