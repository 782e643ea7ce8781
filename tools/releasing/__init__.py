"""What a release consists of: a version, two distributions, a mirror of the zoo."""
