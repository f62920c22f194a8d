"""One participant's call as it happens: an ear, a mind, a mouth and the loop between them."""
