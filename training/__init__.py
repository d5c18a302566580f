"""Makes the two networks: synthesis of damage, training, measuring and export."""
