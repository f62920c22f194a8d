"""What the probe guard knows, one concern a file. Each judges words alone; the verdict is put together in
`dialog/probe_guard`."""
