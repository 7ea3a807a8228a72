"""Life on a device: what the service manager is told, and where the device may connect to."""
