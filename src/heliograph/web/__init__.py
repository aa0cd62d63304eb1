"""HTTP as every API of this house has it: endpoints as rows, what comes in, and how refusals leave."""
