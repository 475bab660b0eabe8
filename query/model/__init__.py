"""What a question and an answer are; imports nothing else of ``query``."""
