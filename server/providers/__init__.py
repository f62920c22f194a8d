"""Speech recognition, speech synthesis and language models behind small protocols. Vendors don't know one
another."""
