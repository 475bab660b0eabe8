"""Speech into words: transcribers by name, and audio from outside decoded safely."""
