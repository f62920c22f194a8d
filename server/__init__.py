"""The only room with a door to the outside: sockets, providers, database and clock."""
