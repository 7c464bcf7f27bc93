"""From a job to a photo: dispatch, send, tickets, look-ups, pauses and the call budget."""
