"""An SMSC on loopback: the shipped session in the other role, with faults on demand."""
