"""Tools of other programs that speak the Model Context Protocol."""
