"""Any API method by its own name: `uploadd call`."""
