"""Makes the two networks: synthesis of damage, training, measuring and export."""

import os

# ONNX Runtime reports its use over the network unless this is set before it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
