"""The only room with a door to the outside: sockets, providers, database and clock."""

import os

# Written, not read: onnxruntime's official builds report to their maker unless this stands there before it is
# loaded, and keep an identifier of the machine in the home directory. Child processes import this, too.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251
