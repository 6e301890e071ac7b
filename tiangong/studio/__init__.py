"""Making an avatar. So far: reading the bundle that holds one."""
