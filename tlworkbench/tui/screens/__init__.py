"""The four screens and the dialogs over them."""
