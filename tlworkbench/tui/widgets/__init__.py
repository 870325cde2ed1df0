"""The building blocks of the screens: they render what they are given."""
