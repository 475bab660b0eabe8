"""A shop's own index as the feed: read by sequence number, embedded, written back or beside."""
