"""Training of the token tagger: examples, made text, the loop, the report."""
