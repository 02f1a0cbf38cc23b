"""A stand-in Exchange server: EWS over HTTP with real item storage, log-ins, faults on demand and a web page."""
