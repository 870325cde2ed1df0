"""tlworkbench: a full-screen terminal workbench for transfer learning."""

__version__ = "0.1.0"
