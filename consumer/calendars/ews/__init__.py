"""Exchange Web Services: the only place that knows SOAP, response codes and exchangelib."""
