"""Language models of vendors in the interviewer's place: what they are asked, what of their replies counts,
and the two vendors that are spoken to. Importing a vendor's file imports its library: a second."""
