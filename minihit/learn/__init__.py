"""The place to learn it: the way through the chapters, exercises that are graded, training with layers of your own."""
