"""uploadd: photos from a folder to a photo service, none lost, none doubled."""
