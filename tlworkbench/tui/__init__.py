"""The full-screen program (Textual)."""
