"""The HTTP door: FastAPI over the core. It translates and holds no logic of its own."""
