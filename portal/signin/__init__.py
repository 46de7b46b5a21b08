"""How people come in with a name and a password, and how often they may try."""
