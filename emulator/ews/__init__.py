"""Exchange Web Services: requests in, replies out, over a :class:`emulator.store.Store`."""
