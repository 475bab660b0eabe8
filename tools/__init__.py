"""Programs that build files of this repository; they are not part of the wheel."""
