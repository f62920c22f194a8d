"""Tests with real sockets, processes and disks."""
